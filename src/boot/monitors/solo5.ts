import type { AttemptPlan, MachineRequest } from '../plan.js'
import { commandLine } from './command-line.js'

/** Runs a hvt or spt image with Solo5's own tender: `solo5-spt --mem=64 -- IMAGE ARGS`. */
export function planTender(
  tender: 'solo5-hvt' | 'solo5-spt',
  accelerator: 'kvm' | 'native',
  { imagePath, memoryMiB, args }: MachineRequest,
): AttemptPlan {
  const guestArgs = args.length === 0 ? [] : [commandLine(args)]
  return {
    monitor: tender,
    accelerator,
    argv: [tender, `--mem=${memoryMiB}`, '--', imagePath, ...guestArgs],
    qmp: false,
    installedBy: 'the opam package solo5, which `unikernel-ci setup` installs',
  }
}
