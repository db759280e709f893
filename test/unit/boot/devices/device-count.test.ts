import { describe, expect, it } from "vitest";
import { withRoomFor } from "../../../../src/boot/devices/device-count.js";
import type { AttachedDevice } from "../../../../src/boot/devices/devices.js";
import { diskPath } from "../../../../src/boot/vmms/helper-vm.js";
import { vmms } from "../../../../src/boot/vmms/vmms.js";
import { Problem } from "../../../../src/platform/problem.js";
import type { Architecture } from "../../../../src/targets/architecture.js";
import type { VmmName } from "../../../../src/targets/targets.js";
import { askedOf, goodMachine, siteOf } from "../requests.js";

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
