import type { AttachedDevice } from '../devices.js'
import type { AttemptPlan, MachineRequest } from '../attempt-plan.js'
import { kernelCommandLine } from './firecracker.js'
import { driveOption, netdevOption } from './qemu-devices.js'
import { qmpDescriptor } from './qemu.js'

/**
 * QEMU's isa-debug-exit where Firecracker has its keyboard controller: a guest ends itself by the controller's reset
 * (0xfe), and QEMU ends with (0xfe << 1) | 1. A triple fault stays what it is, a reset of the machine.
 */
export const guestResetStatus = 253

/** QEMU's status when the loader could not start the image; it said why on the console, after `loader: `. */
export const loaderRefusalStatus = 97

/** The virtio transports of QEMU's microvm without ACPI (hw/i386/microvm.c, include/hw/i386/microvm.h of QEMU 5.2 and newer). */
const transports = { address: 0xfeb00000, size: 512, interrupt: 5 } as const

/**
 * Runs an x86_64 image for Firecracker by emulation: QEMU starts our loader (loader/README.md), and that the image, as
 * Firecracker would. QEMU ends the image's path at the first blank.
 */
export function planLoader(request: MachineRequest, place: { readonly loader: string }): AttemptPlan {
  const { imagePath, memoryMiB, args, devices } = request
  const words = kernelCommandLine([], args, ['pci=off', ...devices.map((_, index) => transportWord(index))])
  const debianPackage = 'qemu-system-x86'
  return {
    monitor: 'qemu',
    accelerator: 'tcg',
    argv: [
      'qemu-system-x86_64',
      '-nodefaults',
      '-no-user-config',
      '-no-reboot',
      ...['-display', 'none'],
      // The machine nearest to Firecracker's: the old PC's timer, interrupt controller and clock, virtio without PCI.
      ...['-machine', 'microvm,accel=tcg,acpi=off,pit=on,pic=on,rtc=on'],
      ...['-cpu', 'max'],
      ...['-m', `${memoryMiB}M`],
      ...['-device', 'isa-debug-exit,iobase=0x64,iosize=1'],
      ...['-global', 'virtio-mmio.force-legacy=false'],
      ...devices.flatMap(deviceOptions),
      ...['-chardev', 'stdio,id=console,signal=off', '-serial', 'chardev:console'],
      ...['-chardev', `socket,id=qmp,fd=${qmpDescriptor}`, '-mon', 'chardev=qmp,mode=control'],
      '-S',
      ...['-kernel', place.loader],
      // A comma begins the next module, two are one.
      ...['-initrd', `${imagePath} ${words}`.replaceAll(',', ',,')],
    ],
    qmp: true,
    installedBy: `apt-get install ${debianPackage}`,
    debianPackage,
  }
}

/** What tells the guest of a device: https://docs.kernel.org/admin-guide/kernel-parameters.html */
function transportWord(index: number): string {
  const address = transports.address + index * transports.size
  return `virtio_mmio.device=${transports.size}@0x${address.toString(16)}:${transports.interrupt + index}`
}

function deviceOptions(device: AttachedDevice, index: number): string[] {
  const bus = `bus=virtio-mmio-bus.${index}`
  if (device.type === 'block') {
    const id = `disk${index}`
    return ['-drive', driveOption(device.path, id), '-device', `virtio-blk-device,drive=${id},${bus}`]
  }
  const id = `net${index}`
  return ['-netdev', netdevOption(device.link, id), '-device', `virtio-net-device,netdev=${id},mac=${device.mac},${bus}`]
}
