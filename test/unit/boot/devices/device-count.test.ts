import { describe, expect, it } from "vitest";
import { withRoomFor } from "../../../../src/boot/devices/device-count.js";
import type { AttachedDevice } from "../../../../src/boot/devices/devices.js";
import { diskPath, planCarrier } from "../../../../src/boot/monitors/carrier.js";
import { planFirecracker } from "../../../../src/boot/monitors/firecracker.js";
import { planLoader } from "../../../../src/boot/monitors/loader.js";
import { planQemu } from "../../../../src/boot/monitors/qemu.js";
import { planTender } from "../../../../src/boot/monitors/solo5.js";
import { Problem } from "../../../../src/platform/problem.js";

const disks = (count: number): readonly AttachedDevice[] =>
  Array.from({ length: count }, (_, index) => ({ type: "block", name: `disk${index}`, path: `/boot/disk${index}` }));
const guest = (count: number) => ({
  imagePath: "/dist/hello",
  memoryMiB: 64,
  args: [],
  ownsArgv0: false,
  devices: disks(count),
});
const files = { kernel: "/kernel", initrd: "/initrd" };

describe("the number of a guest’s devices", () => {
  it.each([
    ["QEMU, x86_64", 30, planQemu("x86_64", { accelerator: "tcg" }, guest(0))],
    ["QEMU, aarch64", 31, planQemu("aarch64", { accelerator: "tcg" }, guest(0))],
    ["a tender in a Linux guest, x86_64", 29, planCarrier("x86_64", "solo5-hvt", guest(0), files)],
    ["a tender in a Linux guest, aarch64", 30, planCarrier("aarch64", "solo5-spt", guest(0), files)],
    ["our loader", 8, planLoader(guest(0), { loader: "/loader" })],
    ["Firecracker, x86_64", 19, planFirecracker("x86_64", { config: "/config" })],
  ])("is refused before the boot where it is too large: %s", (_, most, way) => {
    expect(withRoomFor(disks(most), [way])).toEqual([way]);
    const refused = () => withRoomFor(disks(most + 1), [way]);
    expect(refused).toThrow(Problem);
    expect(refused).toThrow(`the guest has ${most + 1} network and block devices, too many for ${way.argv[0]}`);
  });

  it("leaves out the ways that have no room, and is not limited where the image itself is", () => {
    const [loader, firecracker] = [
      planLoader(guest(9), { loader: "/loader" }),
      planFirecracker("x86_64", { config: "/c" }),
    ];
    expect(withRoomFor(disks(9), [firecracker, loader])).toEqual([firecracker]);
    const tender = planTender("solo5-spt", "native", guest(63));
    expect(withRoomFor(disks(63), [tender])).toEqual([tender]);
    expect(withRoomFor(disks(63), [])).toEqual([]);
  });

  it("may be more than there are letters: Linux goes on with two", () => {
    expect([0, 25, 26, 29].map(diskPath)).toEqual(["/dev/vda", "/dev/vdz", "/dev/vdaa", "/dev/vdad"]);
  });
});
