import { describe, expect, test } from "vitest";
import type { AttachedDevice } from "../../../src/boot/devices/devices.js";
import { acceleratorsOf, planBoot, usualWay } from "../../../src/boot/plan.js";
import { type Asked, type BootSite, type MachineFacts, helperVmFor } from "../../../src/boot/vmms/vmm.js";
import { architectures } from "../../../src/targets/architecture.js";
import { type TargetName, targetNames, targets } from "../../../src/targets/targets.js";
import { askedOf, siteOf } from "./requests.js";

type Request = Partial<Omit<Asked, "target">> & Partial<Pick<BootSite, "args" | "devices">>;

interface Here extends Request {
  readonly kvm?: MachineFacts["kvm"];
  readonly on?: MachineFacts["architecture"];
  readonly tenders?: MachineFacts["tenders"];
  readonly isNestedAmd?: boolean;
}

const tap: AttachedDevice = {
  type: "net",
  name: "service",
  mac: "52:54:00:00:00:01",
  link: { kind: "tap", interface: "uci0", host: "10.0.0.1/24", guest: "10.0.0.2" },
};
const user: AttachedDevice = {
  ...tap,
  link: { kind: "user", network: "10.0.2.0/24", guest: "10.0.2.15", gateway: "10.0.2.2", outside: false, forwards: [] },
};
const disk: AttachedDevice = { type: "block", name: "storage", path: "/boot/storage" };

function plan(
  target: TargetName,
  {
    kvm = "absent",
    on = "x86_64",
    tenders = ["x86_64", "aarch64"],
    isNestedAmd = false,
    args = [],
    devices = [],
    ...asked
  }: Here = {},
) {
  return planBoot(askedOf(target, asked), siteOf({ args, devices }), { architecture: on, kvm, tenders, isNestedAmd });
}

const commands = (...asked: Parameters<typeof plan>) => plan(...asked).attempts.map(({ argv }) => argv.join(" "));
const ways = (...asked: Parameters<typeof plan>) =>
  plan(...asked).attempts.map(
    ({ program, accelerator, inside }) =>
      `${program} ${accelerator}${inside === undefined ? "" : ` in a helper VM for ${helperVmFor(inside)}`}`,
  );

const qemu = (program: string, machine: string, cpu: string, device = "") =>
  `${program} -nodefaults -no-user-config -no-reboot -display none -machine ${machine} -cpu ${cpu} -m 64M${device}` +
  " -chardev stdio,id=console,signal=off -serial chardev:console" +
  " -chardev socket,id=qmp,fd=3 -mon chardev=qmp,mode=control" +
  " -S -kernel /project/dist/hello";

describe("the exact command", () => {
  test("QEMU x86_64 by emulation", () => {
    expect(commands("virtio")).toEqual([qemu("qemu-system-x86_64", "q35,accel=tcg", "max", " -device isa-debug-exit")]);
  });

  test("QEMU x86_64: KVM first, emulation next", () => {
    expect(commands("virtio", { kvm: "open" })).toEqual([
      qemu("qemu-system-x86_64", "q35,accel=kvm", "host", " -device isa-debug-exit"),
      qemu("qemu-system-x86_64", "q35,accel=tcg", "max", " -device isa-debug-exit"),
    ]);
  });

  test("a processor model that a nested AMD host supports", () => {
    expect(commands("virtio", { kvm: "open", isNestedAmd: true })).toEqual([
      qemu("qemu-system-x86_64", "q35,accel=kvm", "EPYC", " -device isa-debug-exit"),
      qemu("qemu-system-x86_64", "q35,accel=tcg", "max", " -device isa-debug-exit"),
    ]);
  });

  test("QEMU aarch64 with the image’s name for a guest that takes the first word as its name", () => {
    expect(commands("unikraft-qemu", { architecture: "aarch64", args: ["a", "b c"] })).toEqual([
      `${qemu("qemu-system-aarch64", "virt,accel=tcg", "cortex-a72")} -append hello a "b c"`,
    ]);
  });

  test("QEMU x86_64 names the kernel itself", () => {
    expect(commands("unikraft-qemu", { args: ["a"] })[0]).toMatch(/ -kernel \/project\/dist\/hello -append a$/);
  });

  test.each<readonly [target: TargetName, sockets: readonly string[]]>([
    ["virtio", ["socket,id=qmp,fd=3"]],
    ["unikraft-firecracker", ["socket,id=qmp,fd=3"]],
    ["hvt", ["socket,id=console,fd=3", "socket,id=qmp,fd=4"]],
  ])("QEMU’s channels are descriptors, without a name: %s", (target, sockets) => {
    const argv: readonly string[] = plan(target).attempts.at(-1)?.argv ?? [];
    expect(argv[0]).toMatch(/^qemu-system/);
    expect(argv.filter((word) => word.includes("socket"))).toEqual(sockets);
    expect(argv.filter((word) => ["-qmp", "-monitor", "-gdb", "-s", "-vnc"].includes(word))).toEqual([]);
    expect(argv[argv.indexOf("-display") + 1]).toBe("none");
  });

  test("QEMU hands over arguments as one word", () => {
    expect(plan("virtio", { args: ["--port=80", "two words"] }).attempts[0]?.argv.slice(-2)).toEqual([
      "-append",
      '--port=80 "two words"',
    ]);
  });

  test("Solo5’s tenders", () => {
    expect(commands("spt")).toEqual(["solo5-spt --mem=64 -- /project/dist/hello"]);
    expect(plan("hvt", { kvm: "open", memory: 32, args: ["--x", "a b"] }).attempts[0]?.argv).toEqual([
      "solo5-hvt",
      "--mem=32",
      "--",
      "/project/dist/hello",
      '--x "a b"',
    ]);
  });

  test("a process gets its arguments as they are", () => {
    expect(plan("unix", { args: ["--x", "a b"] }).attempts[0]?.argv).toEqual(["/project/dist/hello", "--x", "a b"]);
  });
});

describe("the ways to run an image on this machine", () => {
  test.each<readonly [name: string, target: TargetName, asked: Here, ways: readonly string[]]>([
    ["virtio with KVM", "virtio", { kvm: "open" }, ["qemu kvm", "qemu tcg"]],
    ["virtio, KVM required", "virtio", { kvm: "open", accelerator: "kvm" }, ["qemu kvm"]],
    ["virtio, KVM required and absent", "virtio", { accelerator: "kvm" }, []],
    ["virtio, KVM required and denied", "virtio", { accelerator: "kvm", kvm: "denied" }, []],
    ["virtio, emulation required", "virtio", { kvm: "open", accelerator: "tcg" }, ["qemu tcg"]],
    ["virtio, KVM denied", "virtio", { kvm: "denied" }, ["qemu tcg"]],
    ["virtio on another machine", "virtio", { kvm: "open", on: "aarch64" }, ["qemu tcg"]],
    [
      "Unikraft aarch64 at home",
      "unikraft-qemu",
      { kvm: "open", on: "aarch64", architecture: "aarch64" },
      ["qemu kvm", "qemu tcg"],
    ],
    [
      "Unikraft aarch64 on another architecture",
      "unikraft-qemu",
      { kvm: "open", architecture: "aarch64" },
      ["qemu tcg"],
    ],
    ["hvt with KVM", "hvt", { kvm: "open" }, ["solo5-hvt kvm", "solo5-hvt tcg in a helper VM for x86_64"]],
    ["hvt without", "hvt", {}, ["solo5-hvt tcg in a helper VM for x86_64"]],
    ["hvt, KVM required", "hvt", { kvm: "open", accelerator: "kvm" }, ["solo5-hvt kvm"]],
    ["hvt, KVM required and absent", "hvt", { accelerator: "kvm" }, []],
    [
      "hvt, emulation required",
      "hvt",
      { kvm: "open", accelerator: "tcg" },
      ["solo5-hvt tcg in a helper VM for x86_64"],
    ],
    [
      "hvt on another architecture",
      "hvt",
      { kvm: "open", architecture: "aarch64" },
      ["solo5-hvt tcg in a helper VM for aarch64"],
    ],
    ["hvt on another architecture without a tender", "hvt", { architecture: "aarch64", tenders: ["x86_64"] }, []],
    [
      "hvt with a tap",
      "hvt",
      { kvm: "open", devices: [tap, disk] },
      ["solo5-hvt kvm", "solo5-hvt tcg in a helper VM for x86_64"],
    ],
    [
      "hvt with user networking, which its tender cannot do",
      "hvt",
      { kvm: "open", devices: [disk, user] },
      ["solo5-hvt tcg in a helper VM for x86_64"],
    ],
    ["spt needs nothing", "spt", {}, ["solo5-spt native"]],
    ["spt, whatever the accelerator", "spt", { accelerator: "kvm" }, ["solo5-spt native"]],
    ["spt with a tap", "spt", { devices: [tap] }, ["solo5-spt native"]],
    ["spt with user networking", "spt", { devices: [user] }, ["solo5-spt tcg in a helper VM for x86_64"]],
    ["spt on another architecture", "spt", { architecture: "aarch64" }, ["solo5-spt tcg in a helper VM for aarch64"]],
    ["spt on another architecture, emulation forbidden", "spt", { architecture: "aarch64", accelerator: "kvm" }, []],
    ["Firecracker’s with KVM", "unikraft-firecracker", { kvm: "open" }, ["firecracker kvm", "qemu tcg"]],
    ["Firecracker’s without", "unikraft-firecracker", {}, ["qemu tcg"]],
    ["Firecracker’s with user networking", "unikraft-firecracker", { kvm: "open", devices: [user] }, ["qemu tcg"]],
    [
      "Firecracker’s for arm64 at home",
      "unikraft-firecracker",
      { kvm: "open", on: "aarch64", architecture: "aarch64" },
      ["firecracker kvm"],
    ],
    [
      "Firecracker’s for arm64 on another architecture",
      "unikraft-firecracker",
      { kvm: "open", architecture: "aarch64" },
      [],
    ],
    ["unix", "unix", {}, ["process native"]],
    ["unix on another architecture", "unix", { on: "aarch64" }, []],
    ["xen", "xen", { kvm: "open" }, ["xen tcg in a helper VM for xen-x86_64"]],
    ["xen on arm64", "xen", { on: "aarch64" }, ["xen tcg in a helper VM for xen-x86_64"]],
    ["xen where emulation is forbidden", "xen", { kvm: "open", accelerator: "kvm" }, []],
    ["qubes", "qubes", { kvm: "open" }, []],
    ["muen", "muen", { kvm: "open" }, []],
  ])("%s", (_, target, asked, expected) => {
    expect(ways(target, asked)).toEqual(expected);
  });
});

describe("why there is no further way", () => {
  test.each<readonly [name: string, target: TargetName, asked: Here, reason: string, summary: RegExp, remedy: RegExp]>([
    [
      "no /dev/kvm",
      "hvt",
      { accelerator: "kvm" },
      "accelerator",
      /hvt on x86_64 needs KVM, but this machine has no \/dev\/kvm/,
      /remove `accelerator: kvm`/,
    ],
    [
      "KVM denied",
      "hvt",
      { kvm: "denied", accelerator: "kvm" },
      "accelerator",
      /this user has no access to \/dev\/kvm/,
      /group of \/dev\/kvm/,
    ],
    [
      "KVM broken",
      "hvt",
      { kvm: "open", accelerator: "kvm" },
      "accelerator",
      /opens here but fails its guests/,
      /remove `accelerator: kvm`/,
    ],
    [
      "KVM of another machine",
      "virtio",
      { accelerator: "kvm", on: "aarch64" },
      "accelerator",
      /this machine is aarch64/,
      /remove `accelerator: kvm`/,
    ],
    [
      "KVM forbidden and nothing else",
      "unikraft-firecracker",
      { accelerator: "tcg", architecture: "aarch64", on: "aarch64" },
      "accelerator",
      /which `accelerator: tcg` forbids/,
      /another target/,
    ],
    [
      "hvt, user networking and KVM",
      "hvt",
      { accelerator: "kvm", kvm: "open", devices: [user] },
      "accelerator",
      /^with `net: user` it runs in the emulated helper VM; `accelerator: kvm` forbids emulation$/,
      /`net: tap`/,
    ],
    [
      "spt, user networking and KVM",
      "spt",
      { accelerator: "kvm", devices: [user] },
      "accelerator",
      /^with `net: user` it runs in the emulated helper VM/,
      /`net: tap`/,
    ],
    [
      "Firecracker’s, user networking and KVM",
      "unikraft-firecracker",
      { accelerator: "kvm", kvm: "open", devices: [user] },
      "accelerator",
      /^with `net: user` it runs by emulation/,
      /`net: tap`/,
    ],
    [
      "Firecracker’s for arm64, which cannot be emulated, and user networking",
      "unikraft-firecracker",
      { kvm: "open", on: "aarch64", architecture: "aarch64", devices: [user] },
      "accelerator",
      /needs a tap here, but its network is QEMU’s user networking/,
      /`net: tap`/,
    ],
    [
      "spt on another architecture and KVM",
      "spt",
      { accelerator: "kvm", architecture: "aarch64" },
      "accelerator",
      /^spt for aarch64 runs here only in the emulated helper VM/,
      /remove `accelerator: kvm`/,
    ],
    [
      "hvt on another architecture and KVM",
      "hvt",
      { accelerator: "kvm", architecture: "aarch64", devices: [user] },
      "accelerator",
      /needs KVM, but this machine is x86_64/,
      /remove `accelerator: kvm`/,
    ],
    [
      "hvt, a tap and KVM that fails",
      "hvt",
      { accelerator: "kvm", kvm: "open", devices: [tap] },
      "accelerator",
      /opens here but fails its guests/,
      /remove `accelerator: kvm`/,
    ],
    [
      "no tender of arm64",
      "spt",
      { architecture: "aarch64", tenders: [] },
      "unsupported",
      /the helper VM for spt needs a solo5-spt for aarch64, and there is none/,
      /`arch: aarch64`.* arm64 runner/,
    ],
    [
      "no tender of x86_64",
      "hvt",
      { on: "aarch64", tenders: [] },
      "unsupported",
      /the helper VM for hvt needs a solo5-hvt for x86_64, and there is none/,
      /an x86_64 runner/,
    ],
    [
      "a process of another machine",
      "unix",
      { on: "aarch64" },
      "unsupported",
      /image is for x86_64, this machine is aarch64/,
      /x86_64 runner/,
    ],
    ["muen", "muen", {}, "unsupported", /builds muen but does not boot it/, /VT-x, which QEMU does not emulate/],
    ["qubes", "qubes", {}, "unsupported", /builds qubes but does not boot it/, /Qubes OS/],
    [
      "xen with KVM alone",
      "xen",
      { accelerator: "kvm" },
      "accelerator",
      /only in the emulated helper VM; `accelerator: kvm` forbids emulation/,
      /remove `accelerator: kvm`/,
    ],
  ])("%s", (_, target, asked, reason, summary, remedy) => {
    const { otherwise } = plan(target, asked);
    expect(otherwise.reason).toBe(reason);
    expect(otherwise.summary).toMatch(summary);
    expect(otherwise.remedy).toMatch(remedy);
  });
});

describe("accelerators without looking at the machine", () => {
  const all = targetNames.flatMap((name) =>
    targets[name].architectures.map((architecture) => ({ name, architecture })),
  );

  test.each(all)("are those of a boot of $name for $architecture", ({ name, architecture }) => {
    for (const on of architectures) {
      const { attempts } = plan(name, { architecture, on, kvm: "open" });
      const tried = attempts.map(({ accelerator }) => accelerator);
      // Nothing is tried after what cannot fail by its accelerator.
      expect(acceleratorsOf(targets[name], architecture, on).slice(0, tried.length)).toEqual(tried);
    }
  });

  test.each<readonly [TargetName, Asked["accelerator"], string | undefined]>([
    ["hvt", "auto", "solo5-hvt kvm"],
    ["hvt", "tcg", "solo5-hvt tcg in a helper VM"],
    ["spt", "tcg", "solo5-spt native"],
    ["unikraft-firecracker", "tcg", "qemu tcg"],
    ["xen", "auto", "xen tcg in a helper VM"],
    ["muen", "auto", undefined],
  ])("%s on %s usually runs in %s", (target, asked, expected) => {
    const way = usualWay(targets[target], "x86_64", asked);
    const inside = way?.vmm.isHelperVm === true ? " in a helper VM" : "";
    expect(way && `${way.vmm.program} ${way.accelerator}${inside}`).toBe(expected);
  });
});
