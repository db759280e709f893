import { describe, expect, it } from "vitest";
import type { AttachedDevice } from "../../../../src/boot/devices/devices.js";
import { vmms } from "../../../../src/boot/vmms/vmms.js";
import { askedOf, goodMachine, siteOf } from "../requests.js";

const tap: AttachedDevice = {
  type: "net",
  name: "service",
  mac: "52:54:00:00:00:01",
  link: { kind: "tap", interface: "uci0", host: "10.0.0.1/24", guest: "10.0.0.2" },
};
const user: AttachedDevice = {
  type: "net",
  name: "management",
  mac: "52:54:00:00:00:02",
  link: { kind: "user", network: "10.0.2.0/24", guest: "10.0.2.15", gateway: "10.0.2.2", outside: false, forwards: [] },
};
const disk = (name: string): AttachedDevice => ({ type: "block", name, path: `/tmp/${name},1` });

interface Given {
  readonly args?: readonly string[];
  readonly devices?: readonly AttachedDevice[];
  readonly memory?: number;
}

function plan(architecture: "x86_64" | "aarch64", { args = [], devices = [], ...asked }: Given = {}) {
  const vm = (folder: string) => ({ key: "", folder, kernel: `${folder}/kernel`, initramfs: `${folder}/initramfs` });
  const places = {
    helperVms: { x86_64: vm("/vms/x"), aarch64: vm("/vms/a"), "xen-x86_64": vm("/vms/xen") },
    initrd: "/tmp/boot/initrd",
  };
  const site = siteOf({ imagePath: "/project/dist/hello.hvt", args, devices, places });
  return vmms["helper-vm-solo5-hvt"].command(askedOf("hvt", { architecture, ...asked }), site, "tcg", goodMachine);
}

const qemu = (program: string, machine: string, cpu: string, words: string) =>
  `${program} -nodefaults -no-user-config -no-reboot -display none -machine ${machine} -cpu ${cpu} -smp 1 -m 256M` +
  " -chardev stdio,id=events,signal=off -serial chardev:events -chardev socket,id=console,fd=3" +
  " -chardev socket,id=qmp,fd=4 -mon chardev=qmp,mode=control" +
  " -device virtio-serial-pci,max_ports=2,ioeventfd=off -device virtserialport,chardev=console" +
  ` -kernel /vms/${program.endsWith("x86_64") ? "x" : "a"}/kernel -initrd /tmp/boot/initrd -append ${words} ` +
  "quiet panic=-1 mitigations=off nokaslr ipv6.disable=1 audit=0";

describe("the command of a helper VM that leaves the guest’s memory", () => {
  it.each([
    ["hvt", "helper-vm-solo5-hvt", ["--dumpcore=/"]],
    ["spt", "helper-vm-solo5-spt", []],
  ] as const)("has another disk for it, after those of the guest, and room: %s", (target, name, words) => {
    const site = siteOf({ devices: [disk("a"), tap], places: { dumps: "/tmp/a,b" } });
    const asked = askedOf(target, { memory: 64 });
    const usual = vmms[name].command(asked, site, "tcg", goodMachine);
    const dumping = vmms[name].dumped?.(asked, site);
    expect(dumping?.argv.slice(-4)).toEqual([
      "-drive",
      "file=/tmp/a,,b/core,if=none,id=dump,format=raw",
      "-device",
      "virtio-blk-pci,drive=dump",
    ]);
    expect(dumping?.argv.slice(0, -4)).toEqual(usual.argv.map((word) => (word === "256M" ? "320M" : word)));
    if (usual.inside === undefined || "domain" in usual.inside) throw new Error("no tender in a helper VM");
    expect(dumping?.inside).toEqual({ ...usual.inside, args: [...words, ...usual.inside.args], dump: "/dev/vdb" });
  });
});

describe("the exact command of a helper VM", () => {
  it("for x86_64 has a processor with AMD’s virtualisation", () => {
    expect(plan("x86_64").argv.join(" ")).toBe(
      qemu("qemu-system-x86_64", "q35,accel=tcg", "max,la57=off", "console=ttyS0 no_timer_check tsc=reliable"),
    );
  });

  it("for aarch64 starts at EL2, which KVM needs", () => {
    expect(plan("aarch64").argv.join(" ")).toBe(
      qemu("qemu-system-aarch64", "virt,accel=tcg,virtualization=on,gic-version=3", "cortex-a72", "console=ttyAMA0"),
    );
  });

  it("names its needs, and the tender inside", () => {
    expect(plan("aarch64", { args: ["--port=80", "two words"] })).toMatchObject({
      debianPackage: "qemu-system-arm",
      inside: {
        architecture: "aarch64",
        tender: "solo5-hvt",
        args: ["--mem=64", "--", "/carrier/image", '--port=80 "two words"'],
      },
    });
  });
});

describe("the devices of a helper VM", () => {
  const { argv, inside } = plan("x86_64", { devices: [tap, disk("data"), user, disk("log")] });

  it("are passed on in order, each kind counted separately", () => {
    expect(inside).toHaveProperty("args", [
      "--mem=64",
      ...["--net:service=tap0", "--net-mac:service=52:54:00:00:00:01"],
      "--block:data=/dev/vda",
      ...["--net:management=tap1", "--net-mac:management=52:54:00:00:00:02"],
      "--block:log=/dev/vdb",
      ...["--", "/carrier/image"],
    ]);
  });

  it("are cards with other addresses than the unikernel’s, and raw disks", () => {
    const devices = argv.slice(argv.indexOf("virtserialport,chardev=console") + 1, argv.indexOf("-kernel"));
    expect(devices).toEqual([
      ...["-netdev", "tap,id=device0,ifname=uci0,script=no,downscript=no"],
      ...["-device", "virtio-net-pci,netdev=device0,mac=56:54:00:00:00:01,romfile="],
      ...["-drive", "file=/tmp/data,,1,if=none,id=device1,format=raw", "-device", "virtio-blk-pci,drive=device1"],
      "-netdev",
      expect.stringMatching(/^user,id=device2,.*restrict=on/),
      ...["-device", "virtio-net-pci,netdev=device2,mac=56:54:00:00:00:02,romfile="],
      ...["-drive", "file=/tmp/log,,1,if=none,id=device3,format=raw", "-device", "virtio-blk-pci,drive=device3"],
    ]);
  });
});
