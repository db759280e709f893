import { kernelCommandLine } from "./firecracker.js";
import { idOf, virtioDevice } from "./qemu-devices.js";
import { bareMachine, guestsMachine, qemuPrograms } from "./qemu.js";
import { userNetForbidden } from "./refusal.js";
import { type Asked, type BootSite, type Command, type Vmm, hasTaps } from "./vmm.js";

/**
 * QEMU's isa-debug-exit takes the place of Firecracker's keyboard controller: a guest exits by the controller's reset
 * (0xfe), and QEMU exits with (0xfe << 1) | 1. A triple fault still shows as a reset of the machine.
 */
export const guestResetStatus = 253;

/** QEMU's status when the loader could not start the image; the console has the reason, after `loader: `. */
export const loaderRefusalStatus = 97;

/** The virtio transports of QEMU's microvm without ACPI: include/hw/i386/microvm.h of QEMU 5.2 and newer. */
const transports = { address: 0xfeb00000, size: 512, interrupt: 5, count: 8 } as const;

/** Replaces Firecracker, which has no emulation, on machines where it cannot run. */
export const loader: Vmm = {
  program: "qemu",
  words: "(x86_64) QEMU by emulation",
  splitsPath: true,
  accelerators: (architecture) => (architecture === "x86_64" ? ["tcg"] : []),
  whyNot: ({ architecture, accelerator }, site, machine) =>
    architecture === "x86_64" && architecture === machine.architecture && accelerator === "kvm" && !hasTaps(site)
      ? userNetForbidden("by emulation")
      : undefined,
  command: loaderCommand,
};

/**
 * Runs an x86_64 image for Firecracker by emulation: QEMU starts our loader (loader/README.md), which starts the image
 * as Firecracker would. QEMU ends the image's path at the first space.
 */
function loaderCommand({ memory }: Asked, { imagePath, args, devices, places }: BootSite): Command {
  const words = kernelCommandLine([], args, ["pci=off", ...devices.map((_, index) => transportWord(index))]);
  const { program, debianPackage } = qemuPrograms.x86_64;
  return {
    argv: [
      program,
      ...bareMachine,
      // The closest to Firecracker's machine: the old PC's timer, interrupt controller and clock, virtio without PCI.
      "-machine",
      "microvm,accel=tcg,acpi=off,pit=on,pic=on,rtc=on",
      "-cpu",
      "max",
      "-m",
      `${memory}M`,
      "-device",
      "isa-debug-exit,iobase=0x64,iosize=1",
      "-global",
      "virtio-mmio.force-legacy=false",
      ...devices.flatMap((device, index) =>
        virtioDevice(device, idOf(device, index), "device", `,bus=virtio-mmio-bus.${index}`),
      ),
      ...guestsMachine,
      "-kernel",
      places.loader,
      // A comma separates modules; a doubled one is literal.
      "-initrd",
      /* promise: module-commas-are-doubled */ `${imagePath} ${words}`.replaceAll(",", ",,"),
    ],
    debianPackage,
    mostDevices: transports.count,
    channels: 1,
  };
}

/** Announces a device to the guest: https://docs.kernel.org/admin-guide/kernel-parameters.html */
function transportWord(index: number): string {
  const address = transports.address + index * transports.size;
  return `virtio_mmio.device=${transports.size}@0x${address.toString(16)}:${transports.interrupt + index}`;
}
