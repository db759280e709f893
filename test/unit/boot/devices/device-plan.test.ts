import { describe, expect, test, it } from "vitest";
import {
  type AskedDevices,
  type DeviceFacts,
  type DevicePlan,
  planDevices,
  withRoomFor,
} from "../../../../src/boot/devices/device-plan.js";
import { parseDisks, parseNetwork } from "../../../../src/boot/devices/device-text.js";
import { parseProbe } from "../../../../src/boot/probes/probe-text.js";
import type { Device, ImageSystem } from "../../../../src/image/image.js";
import { Problem } from "../../../../src/platform/problem.js";
import { targets, type VmmName } from "../../../../src/targets/targets.js";
import type { AttachedDevice } from "../../../../src/boot/devices/devices.js";
import { diskPath } from "../../../../src/boot/vmms/helper-vm.js";
import { vmms } from "../../../../src/boot/vmms/vmms.js";
import type { Architecture } from "../../../../src/targets/architecture.js";
import { askedOf, goodMachine, siteOf } from "../requests.js";

interface Asked {
  readonly net?: string;
  readonly block?: string;
  readonly probe?: readonly string[];
  readonly args?: readonly string[];
  readonly manifest?: readonly Device[];
  readonly isProcess?: boolean;
  readonly target?: "virtio" | "xen";
}

const net = (name: string): Device => ({ name, type: "net" });
const block = (name: string): Device => ({ name, type: "block" });
const web = "tcp://:80";

function question({
  net = "auto",
  block = "",
  probe = [],
  args = [],
  manifest,
  isProcess = false,
  target = "virtio",
}: Asked): AskedDevices {
  const system: ImageSystem =
    manifest === undefined ? { kind: "unmarked" } : { kind: "solo5", abi: 3, abiVersion: 1, devices: manifest };
  return {
    image: { format: "elf64", architecture: "x86_64", system },
    target: targets[isProcess ? "unix" : target],
    net: parseNetwork(net),
    block: parseDisks(block),
    probe: probe.map((text) => parseProbe(text)),
    args,
  };
}

const facts: DeviceFacts = {
  addressArguments: ["ipv4"],
  noTap: undefined,
  noIsolation: undefined,
  interfaces: [],
  freePorts: [40001],
  workspace: "/project",
  folder: "/tmp/boot",
};

function plan(asked: Asked, here: Partial<DeviceFacts> = {}): DevicePlan {
  const planned = planDevices(question(asked), { ...facts, ...here });
  if ("holder" in planned) throw new Error(`busy: ${planned.network}`);
  return planned;
}

function problemOf(body: () => unknown): Problem {
  try {
    body();
  } catch (error) {
    return error as Problem;
  }
  throw new Error("no problem");
}

const names = ({ devices }: DevicePlan) => devices.map(({ type, name }) => `${type} ${name}`);

test("an image for Xen has the devices that are asked for: its manifest cannot declare any", () => {
  const asked = question({ target: "xen", manifest: [], probe: [web], block: "data: 1 MiB" });
  const { devices } = planDevices(asked, facts) as DevicePlan;
  expect(devices.map(({ type, name }) => `${type} ${name}`)).toEqual(["net net0", "block data"]);
  expect(() => planDevices({ ...asked, target: targets.virtio }, facts)).toThrow(Problem);
});

describe("an image with a manifest", () => {
  test("gets all its devices in the manifest’s order, without being asked", () => {
    const planned = plan({ manifest: [block("storage"), net("service"), block("cache"), net("management")] });
    expect(names(planned)).toEqual(["block storage", "net service", "block cache", "net management"]);
    expect(planned.story).toBe(
      "storage: scratch, 1 MiB; service: tap uci0a000000 10.0.0.1/24, guest 10.0.0.2; " +
        "cache: scratch, 1 MiB; management: tap uci0a000100 10.0.1.1/24, guest 10.0.1.2",
    );
    expect(planned.taps.map((tap) => tap.interface)).toEqual(["uci0a000000", "uci0a000100"]);
    expect(planned.disks).toEqual([
      { kind: "scratch", path: "/tmp/boot/storage.img", size: 2 ** 20 },
      { kind: "scratch", path: "/tmp/boot/cache.img", size: 2 ** 20 },
    ]);
  });

  test("distinguishes a network and a block device of the same name", () => {
    expect(names(plan({ manifest: [block("service"), net("service")] }))).toEqual(["block service", "net service"]);
  });

  test("without devices gets none, whatever `net` is", () => {
    expect(plan({ manifest: [], net: "tap" })).toEqual({ devices: [], taps: [], disks: [], story: "" });
    expect(plan({ manifest: [], net: "none" }).devices).toEqual([]);
  });

  test.each([
    [
      "storage: scratch, size=4MiB",
      { kind: "scratch", path: "/tmp/boot/storage.img", size: 4 * 2 ** 20 },
      "scratch, 4 MiB",
    ],
    ["storage: scratch, size=512", { kind: "scratch", path: "/tmp/boot/storage.img", size: 512 }, "scratch, 512 bytes"],
    [
      "storage: data/disk.img",
      { kind: "use", path: "/project/data/disk.img", source: "/project/data/disk.img", size: undefined },
      "/project/data/disk.img",
    ],
    [
      "storage: /disk.img, ro",
      { kind: "copy", path: "/tmp/boot/storage.img", source: "/disk.img", size: undefined },
      "a copy of /disk.img",
    ],
    [
      "storage: disk.img, size=1KiB",
      { kind: "use", path: "/project/disk.img", source: "/project/disk.img", size: 1024 },
      "/project/disk.img",
    ],
    [
      "storage: my disk.img",
      { kind: "link", path: "/tmp/boot/storage.img", source: "/project/my disk.img", size: undefined },
      "/project/my disk.img",
    ],
  ])("%s", (block_, work, story) => {
    const planned = plan({ manifest: [block("storage")], block: block_ });
    expect(planned.disks).toEqual([work]);
    expect(planned.devices).toEqual([{ type: "block", name: "storage", path: work.path }]);
    expect(planned.story).toBe(`storage: ${story}`);
  });

  test("gets no disk in a folder whose path Solo5 would cut at whitespace", () => {
    expect(() => plan({ manifest: [block("storage")] }, { folder: "/tmp/my boot" })).toThrow(/whitespace in its path/);
    expect(
      plan({ manifest: [block("storage")], block: "storage: disk.img" }, { folder: "/tmp/my boot" }).devices,
    ).toHaveLength(1);
  });

  test("gives each device the options of its line, and the others the defaults", () => {
    const planned = plan({ manifest: [net("service"), net("management")], net: "management: user" });
    expect(planned.devices.map((device) => device.type === "net" && device.link.kind)).toEqual(["tap", "user"]);
  });

  test.each([
    [
      { net: "eth0: tap" },
      /input net: the image has no network device `eth0`/,
      "the names in its manifest: service, management",
    ],
    [
      { net: "storage: tap" },
      /input net: the image has no network device `storage`/,
      "the names in its manifest: service, management",
    ],
    [{ block: "disk: x" }, /input block: the image has no block device `disk`/, "the names in its manifest: storage"],
  ])("%j names a device that it does not have", (asked, message, accepted) => {
    const problem = problemOf(() =>
      plan({ manifest: [net("service"), net("management"), block("storage")], ...asked }),
    );
    expect(problem.message).toMatch(message);
    expect(problem.facts.accepted).toBe(accepted);
  });

  test("is not booted without the network that it needs", () => {
    expect(() => plan({ manifest: [net("service")], net: "none" })).toThrow(
      /the image needs its network device `service`/,
    );
  });

  test("of several networks needs a line for each address", () => {
    const problem = problemOf(() =>
      plan({ manifest: [net("service"), net("management")], net: "tap host=10.3.0.1/24" }),
    );
    expect(problem.facts).toMatchObject({ found: "service, management" });
    expect(plan({ manifest: [net("service")], net: "tap host=10.3.0.1/24" }).story).toContain("10.3.0.1/24");
  });

  test("without a network cannot be probed", () => {
    expect(problemOf(() => plan({ manifest: [block("storage")], probe: ["ping"] })).facts.because).toBe(
      "its manifest declares none",
    );
  });
});

describe("an image that declares no devices", () => {
  test.each([
    [{}, []],
    [{ probe: [web] }, ["net net0"]],
    [{ probe: ["ping"] }, ["net net0"]],
    [{ net: "user" }, ["net net0"]],
    [{ net: "mac=52:54:00:00:00:09" }, ["net net0"]],
    [{ net: "none" }, []],
    [{ net: "a:\nb: user" }, ["net a", "net b"]],
    [{ block: "x: one\ny: scratch" }, ["block x", "block y"]],
    [{ block: "x: one", net: "b: tap\na: tap" }, ["net b", "net a", "block x"]],
  ])("%j gives %j", (asked, expected) => {
    expect(names(plan(asked))).toEqual(expected);
  });

  test("is not probed without a network", () => {
    expect(problemOf(() => plan({ probe: [web], net: "none" })).facts.because).toBe("`net: none`");
  });

  test("takes paths with whitespace unchanged", () => {
    expect(plan({ block: "x: my disk.img" }).disks).toMatchObject([{ kind: "use", path: "/project/my disk.img" }]);
  });
});

describe("a process", () => {
  test("has no devices, and is probed on the host’s own network", () => {
    expect(plan({ isProcess: true, probe: [web] }).devices).toEqual([]);
    expect(plan({ isProcess: true, net: "none" }).devices).toEqual([]);
  });

  test.each([
    [{ net: "tap" }, /input net/],
    [{ net: "a: tap" }, /input net/],
    [{ block: "x: scratch" }, /input block/],
  ])("is refused those that are asked for: %j", (asked, message) => {
    expect(() => plan({ isProcess: true, ...asked })).toThrow(message);
  });
});

test("a network in use is reported before any disk is planned", () => {
  const holder = { name: "docker0", addresses: ["10.0.0.1/16"], owner: undefined };
  const asked = question({ manifest: [block("storage"), net("service")] });
  expect(planDevices(asked, { ...facts, addressArguments: [], interfaces: [holder] })).toEqual({
    network: "10.0.0.0/24",
    holder,
  });
});

describe("device count", () => {
  const disks = (count: number): readonly AttachedDevice[] =>
    Array.from({ length: count }, (_, index) => ({ type: "block", name: `disk${index}`, path: `/boot/disk${index}` }));
  const commandOf = (vmm: VmmName, architecture: Architecture) =>
    vmms[vmm].command(askedOf("hvt", { architecture }), siteOf(), "tcg", goodMachine);

  describe("the number of a guest’s devices", () => {
    it.each([
      ["QEMU, x86_64", 30, commandOf("qemu", "x86_64")],
      ["QEMU, aarch64", 31, commandOf("qemu", "aarch64")],
      ["a tender in the helper VM, x86_64", 29, commandOf("helper-vm-solo5-hvt", "x86_64")],
      ["a tender in the helper VM, aarch64", 30, commandOf("helper-vm-solo5-spt", "aarch64")],
      ["our loader", 8, commandOf("loader", "x86_64")],
      ["Firecracker, x86_64", 19, commandOf("firecracker", "x86_64")],
    ])("is refused before the boot where it is too large: %s", (_, most, way) => {
      expect(withRoomFor(disks(most), [way])).toEqual([way]);
      const refused = () => withRoomFor(disks(most + 1), [way]);
      expect(refused).toThrow(Problem);
      expect(refused).toThrow(`the guest has ${most + 1} network and block devices, too many for ${way.argv[0]}`);
    });

    it("excludes ways without room, and is unlimited if only the image limits it", () => {
      const [loader, firecracker] = [commandOf("loader", "x86_64"), commandOf("firecracker", "x86_64")];
      expect(withRoomFor(disks(9), [firecracker, loader])).toEqual([firecracker]);
      const tender = commandOf("solo5-spt", "x86_64");
      expect(withRoomFor(disks(63), [tender])).toEqual([tender]);
      expect(withRoomFor(disks(63), [])).toEqual([]);
    });

    it("may exceed the letters: Linux continues with two", () => {
      expect([0, 25, 26, 29].map(diskPath)).toEqual(["/dev/vda", "/dev/vdz", "/dev/vdaa", "/dev/vdad"]);
    });
  });
});
