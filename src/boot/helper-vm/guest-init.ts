import { Bytes } from "../../image/bytes.js";
import { readElf } from "../../image/elf.js";
import { quote } from "../../platform/process/process.js";
import type { Architecture } from "../../targets/architecture.js";
import type { TenderRun } from "../vmms/vmm.js";

export const applets = [
  "sh",
  "awk",
  "brctl",
  "cat",
  "insmod",
  "ip",
  "mkfifo",
  "mount",
  "sleep",
  "sync",
  "tunctl",
] as const;

/** Paths in the helper VM. A tender keeps its name, which begins each of its messages. */
export const inside = {
  run: "/carrier/run",
  image: "/carrier/image",
  libraries: "/carrier/lib",
  tender: (tender: TenderRun["tender"]) => `/carrier/${tender}`,
} as const;

/** Begins every helper VM's script. */
export const scriptHead = `#!/bin/sh
PATH=/bin
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
exec </dev/null >/dev/console 2>&1
# From here on the kernel prints only when it dies: its lines would mix with ours.
echo 1 >/proc/sys/kernel/printk
# Disks are written at once, because the machine may end at any moment.
echo 10 >/proc/sys/vm/dirty_expire_centisecs
echo 10 >/proc/sys/vm/dirty_writeback_centisecs

stay() { sleep 99999999; }

fail() {
  echo "carrier: failed $*"
  stay
}

load() {
  while read -r name; do
    [ -d "/sys/module/$name" ] || insmod "/modules/$name.ko" || fail "the module $name could not be loaded"
  done <"/modules/$1"
}

await_file() { until [ -e "$1" ]; do sleep 0; done; }

# The port appears a moment after its module is loaded, and opens another moment later. Writing before it appears would
# create a file of its name, which would swallow the whole console.
await_port() { until [ -c "$1" ] && (: >"$1") 2>/dev/null; do sleep 0; done; }
`;

/**
 * The helper VM's only program; it runs the file that {@link runScript} writes.
 *
 * The serial port carries its own lines, which begin with a word that process.ts knows, the lines of the tender's error
 * stream, marked by another word, and the kernel's. The tender's output goes to a virtio port alone, byte by byte: a
 * unikernel cannot print a line that passes for the script's.
 */
export const initScript = `${scriptHead}
# A bridge passes the unikernel's frames with its own address.
bridge() {
  tunctl -t "tap$1" >/dev/null && brctl addbr "bridge$1" &&
    brctl addif "bridge$1" "eth$1" && brctl addif "bridge$1" "tap$1" &&
    ip link set "eth$1" up && ip link set "tap$1" up && ip link set "bridge$1" up ||
    fail "the network device $1 could not be set up"
}

run() {
  await_port /dev/vport0p1
  exec 5>/dev/vport0p1
  mkfifo /out /err
  awk '{ print "carrier: error " $0; fflush() }' </err &
  relay=$!
  echo 'carrier: start'
  # The parent becomes a program that never waits for the tender: until it would, the kernel keeps a status that
  # distinguishes a signal from an exit status above 128. A shell does not.
  { sh -c 'echo $$ >/pid; exec "$@"' sh "$@" >/out 2>/err 5>&- & exec sleep 99999999; } &
  cat /out >&5
  wait "$relay"
  read -r pid </pid
  while read -r stat <"/proc/$pid/stat"; do
    set -- $stat
    [ "$3" != Z ] || break
  done
  sync
  echo "carrier: end \${52}"
  stay
}

. ${inside.run}
fail 'its script ended unexpectedly'
`;

export interface RunScript {
  readonly needs: readonly Purpose[];
  readonly netCount: number;
  /** The last of its disks: `/dev/vdb`. */
  readonly lastDisk: string | undefined;
  readonly libraries: boolean;
  readonly run: Pick<TenderRun, "tender" | "args" | "dump">;
}

/** The script that {@link initScript} runs: modules, devices, and the tender's exact command. */
export function runScript({ needs, netCount, lastDisk, libraries, run }: RunScript): string {
  return [
    ...needs.map((purpose) => `load ${purpose}`),
    ...Array.from({ length: netCount }, (_, index) => `bridge ${index}`),
    ...(lastDisk === undefined ? [] : [`await_file ${lastDisk}`]),
    ...(libraries ? [`export LD_LIBRARY_PATH=${inside.libraries}`] : []),
    // `run` calls it when the tender is gone.
    ...(run.dump === undefined
      ? []
      : [
          "echo /core.%p >/proc/sys/kernel/core_pattern",
          "ulimit -c unlimited",
          `sync() { cat /core.* >${run.dump}; command sync; }`,
        ]),
    `run ${[inside.tender(run.tender), ...run.args].map(quote).join(" ")}`,
    "",
  ].join("\n");
}

export const purposes = ["console", "kvm", "net", "block"] as const;
export type Purpose = (typeof purposes)[number];

/** arm64's KVM is always built in. TCG emulates AMD's virtualisation, not Intel's. */
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

/** The name that other modules use: a file's name may have dashes and a suffix for its compression. */
export function moduleName(file: string): string {
  return file
    .replace(/^.*\//, "")
    .replace(/\.ko(\.\w+)?$/, "")
    .replaceAll("-", "_");
}

/** The field `depends` of a decompressed module's section .modinfo, as `modinfo` shows it. @throws MalformedFile */
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

/** @param dependencies of each module that is a file; other modules are built in, and not loaded. */
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
