import { Bytes } from "../../image/bytes.js";
import { readElf } from "../../image/elf.js";
import type { Architecture } from "../../target/architecture.js";

/** What modules are loaded for; a boot loads only what it needs. */
export const purposes = ["console", "kvm", "net", "block"] as const;
export type Purpose = (typeof purposes)[number];

/** arm64's KVM is always built in. TCG emulates AMD's extension for virtual machines, and not Intel's. */
export const wantedModules: Readonly<Record<Architecture, Readonly<Record<Purpose, readonly string[]>>>> = {
  x86_64: {
    console: ["virtio_pci", "virtio_console"],
    kvm: ["kvm_amd"],
    net: ["virtio_net", "tun", "bridge"],
    block: ["virtio_blk"],
  },
  aarch64: {
    console: ["virtio_pci", "virtio_console"],
    kvm: [],
    net: ["virtio_net", "tun", "bridge"],
    block: ["virtio_blk"],
  },
};

/** The name by which modules know each other: a file's name may have dashes, and says how it is compressed. */
export function moduleName(file: string): string {
  return file
    .replace(/^.*\//, "")
    .replace(/\.ko(\.\w+)?$/, "")
    .replaceAll("-", "_");
}

/**
 * The modules that a module says it depends on: the field `depends` of its section .modinfo, as `modinfo` shows it.
 *
 * @param content decompressed.
 * @throws MalformedFile
 */
export function dependenciesOf(content: Uint8Array): string[] {
  const bytes = new Bytes(content);
  const section = readElf(bytes).sections.find(({ name }) => name === ".modinfo");
  if (section === undefined) throw bytes.malformed("it has no section .modinfo", 0);
  const part = Buffer.from(content.buffer, content.byteOffset + section.offset, section.size);
  const field = part
    .toString("latin1")
    .split("\0")
    .find((text) => text.startsWith("depends="));
  return (field ?? "")
    .slice("depends=".length)
    .split(",")
    .filter((name) => name !== "")
    .map((name) => name.replaceAll("-", "_"));
}

/**
 * The order in which modules are loaded, each after what it depends on.
 *
 * @param dependencies of each module that is a file; what is not in it is built in, and not loaded.
 */
export function loadOrder(wanted: readonly string[], dependencies: ReadonlyMap<string, readonly string[]>): string[] {
  const order = new Set<string>();
  const visit = (name: string, path: readonly string[]) => {
    const needed = dependencies.get(name);
    if (needed === undefined || path.includes(name)) return;
    for (const other of needed) visit(other, [...path, name]);
    order.add(name);
  };
  for (const name of wanted) visit(name, []);
  return [...order];
}
