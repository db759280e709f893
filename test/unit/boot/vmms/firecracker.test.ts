import { describe, expect, it, test } from "vitest";
import type { AttachedDevice } from "../../../../src/boot/devices/devices.js";
import { kernelCommandLine } from "../../../../src/boot/vmms/firecracker.js";
import { vmms } from "../../../../src/boot/vmms/vmms.js";
import type { Image } from "../../../../src/image/image.js";
import { askedOf, goodMachine, siteOf } from "../requests.js";

const disk: AttachedDevice = { type: "block", name: "storage", path: "/tmp/a,b.img" };
const tap: AttachedDevice = {
  type: "net",
  name: "service",
  mac: "52:54:00:00:00:01",
  link: { kind: "tap", interface: "uci0", host: "10.0.0.1/24", guest: "10.0.0.2" },
};
const user: AttachedDevice = {
  type: "net",
  name: "service",
  mac: "52:54:00:00:00:02",
  link: {
    kind: "user",
    network: "10.0.2.0/24",
    guest: "10.0.2.15",
    gateway: "10.0.2.2",
    outside: true,
    forwards: [{ protocol: "tcp", hostPort: 40000, guestPort: 80 }],
  },
};

interface Given {
  readonly args?: readonly string[];
  readonly devices?: readonly AttachedDevice[];
  readonly memory?: number;
  readonly image?: Image;
  readonly imagePath?: string;
}

const commandOf = (
  vmm: "firecracker" | "loader",
  { args = [], devices = [], imagePath = "/project/dist/hello.fc", ...asked }: Given = {},
) => {
  const site = siteOf({ imagePath, args, devices });
  const accelerator = vmm === "loader" ? "tcg" : "kvm";
  return vmms[vmm].command(askedOf("unikraft-firecracker", asked), site, accelerator, goodMachine);
};

/** What the file says that Firecracker reads. */
const configOf = (given: Given): unknown => JSON.parse(commandOf("firecracker", given).files?.[0]?.text ?? "null");

describe("Firecracker", () => {
  it("is configured by a file alone", () => {
    expect(commandOf("firecracker")).toMatchObject({
      argv: ["firecracker", "--no-api", "--level", "Info", "--show-level", "--config-file", "/boot/firecracker.json"],
      files: [{ path: "/boot/firecracker.json" }],
    });
  });

  it("gets image, memory and arguments", () => {
    expect(configOf({ args: ["--port=80", "two words"], memory: 32 })).toEqual({
      "boot-source": { kernel_image_path: "/project/dist/hello.fc", boot_args: 'hello.fc -- --port=80 "two words"' },
      "machine-config": { vcpu_count: 1, mem_size_mib: 32 },
      drives: [],
      "network-interfaces": [],
    });
  });

  it("gets disks that the guest may write to, none of them a root, and taps", () => {
    expect(configOf({ devices: [tap, disk] })).toMatchObject({
      drives: [{ drive_id: "disk1", path_on_host: "/tmp/a,b.img", is_root_device: false, is_read_only: false }],
      "network-interfaces": [{ iface_id: "net0", host_dev_name: "uci0", guest_mac: "52:54:00:00:00:01" }],
    });
  });

  it("gives no name to a kernel that does not take one", () => {
    expect(
      configOf({ args: ["a"], image: { format: "elf64", architecture: "x86_64", system: { kind: "unmarked" } } }),
    ).toMatchObject({
      "boot-source": { boot_args: "-- a" },
    });
  });
});

describe("the loader", () => {
  const argv = (given?: Given) => commandOf("loader", given).argv;

  it("is QEMU’s kernel, and the image its module", () => {
    expect(argv({ args: ["--port=80", "two words"] })).toEqual([
      "qemu-system-x86_64",
      "-nodefaults",
      "-no-user-config",
      "-no-reboot",
      "-display",
      "none",
      "-machine",
      "microvm,accel=tcg,acpi=off,pit=on,pic=on,rtc=on",
      "-cpu",
      "max",
      "-m",
      "64M",
      "-device",
      "isa-debug-exit,iobase=0x64,iosize=1",
      "-global",
      "virtio-mmio.force-legacy=false",
      "-chardev",
      "stdio,id=console,signal=off",
      "-serial",
      "chardev:console",
      "-chardev",
      "socket,id=qmp,fd=3",
      "-mon",
      "chardev=qmp,mode=control",
      "-S",
      "-kernel",
      "/dist/loader",
      "-initrd",
      '/project/dist/hello.fc pci=off -- --port=80 "two words"',
    ]);
  });

  it("is run by emulation", () => {
    expect(commandOf("loader")).toMatchObject({
      debianPackage: "qemu-system-x86",
    });
  });

  it("has each device on its own transport, announced to the guest in the same order", () => {
    const words = argv({ devices: [disk, user, tap] });
    expect(words.filter((word) => /^virtio-(?:blk|net)-device/.test(word))).toEqual([
      "virtio-blk-device,drive=disk0,bus=virtio-mmio-bus.0",
      "virtio-net-device,netdev=net1,mac=52:54:00:00:00:02,bus=virtio-mmio-bus.1",
      "virtio-net-device,netdev=net2,mac=52:54:00:00:00:01,bus=virtio-mmio-bus.2",
    ]);
    expect(words).toContain("file=/tmp/a,,b.img,if=none,id=disk0,format=raw");
    expect(words).toContain("tap,id=net2,ifname=uci0,script=no,downscript=no");
    expect(words.filter((word) => word.includes("hostfwd=tcp:127.0.0.1:40000-10.0.2.15:80"))).toHaveLength(1);
    const told =
      "virtio_mmio.device=512@0xfeb00000:5 virtio_mmio.device=512@0xfeb00200:6 virtio_mmio.device=512@0xfeb00400:7";
    expect(words.at(-1)).toBe(`/project/dist/hello.fc pci=off ${told} -- ''`);
  });

  it("doubles commas, which separate modules in QEMU", () => {
    expect(argv({ imagePath: "/a,b/hello.fc", args: ["c,d"] }).at(-1)).toBe("/a,,b/hello.fc pci=off -- c,,d");
  });
});

describe("the command line", () => {
  test.each<readonly [name: string, args: readonly string[], right: string]>([
    ["no arguments: the machine’s words stay out of them", [], "hello M -- ''"],
    ["arguments stand behind what is the machine’s", ["a", "b c"], 'hello M -- a "b c"'],
    [
      "what is for Unikraft’s libraries stands in front",
      ["netdev.ip=10.0.0.2/24", "--", "a"],
      "hello netdev.ip=10.0.0.2/24 M -- a",
    ],
    ["only for Unikraft’s libraries", ["netdev.ip=10.0.0.2/24", "--"], "hello netdev.ip=10.0.0.2/24 M -- ''"],
    ["only the first `--` separates", ["--", "a", "--", "b"], "hello M -- a -- b"],
  ])("%s", (_, args, right) => {
    expect(kernelCommandLine(["hello"], args, ["M"])).toBe(right);
  });
});
