import type { AttachedDevice } from '../devices.js'
import type { AttemptPlan, MachineRequest } from '../attempt-plan.js'
import { commandLine } from './command-line.js'

/** Runs a hvt or spt image with Solo5's own tender: `solo5-spt --mem=64 --net:service=tap0 -- IMAGE ARGS`. */
export function planTender(
  tender: 'solo5-hvt' | 'solo5-spt',
  accelerator: 'kvm' | 'native',
  { imagePath, memoryMiB, args, devices }: MachineRequest,
): AttemptPlan {
  const guestArgs = args.length === 0 ? [] : [commandLine(args)]
  return {
    monitor: tender,
    accelerator,
    argv: [tender, `--mem=${memoryMiB}`, ...tenderDevices(devices), '--', imagePath, ...guestArgs],
    qmp: false,
    installedBy: 'the opam package solo5, which `unikernel-ci setup` installs',
  }
}

/** Devices as Solo5's tenders take them. A network device of another kind than a tap is none to them. */
export function tenderDevices(devices: readonly AttachedDevice[]): string[] {
  return devices.flatMap((device) => {
    if (device.type === 'block') return [`--block:${device.name}=${device.path}`]
    if (device.link.kind === 'user') return []
    return [`--net:${device.name}=${device.link.interface}`, `--net-mac:${device.name}=${device.mac}`]
  })
}
