import type { Architecture } from '../target/architecture.js'
import type { MonitorKind, Target } from '../target/target.js'
import { planQemu } from './monitors/qemu.js'
import { planTender } from './monitors/solo5.js'
import type { Accelerator } from './report.js'
import type { Reason } from './verdict.js'

/** What a monitor is told of the guest. */
export interface MachineRequest {
  /** Absolute path. */
  readonly imagePath: string
  readonly memoryMiB: number
  readonly args: readonly string[]
  /** The guest takes the first word of its command line as its own name (Unikraft). */
  readonly ownsArgv0: boolean
}

/** One way to run the image on this machine: the exact command. */
export interface AttemptPlan {
  readonly monitor: MonitorKind
  readonly accelerator: Accelerator
  readonly argv: readonly [string, ...string[]]
  /** The monitor is QEMU, with its control channel on file descriptor 3. */
  readonly qmp: boolean
  /** How the program gets onto a machine, for a person. */
  readonly installedBy: string
  /** The Debian package that holds the program, where one does. */
  readonly debianPackage?: string
}

/** What of this machine decides how an image is run. */
export interface MachineFacts {
  readonly architecture: Architecture
  /** Whether /dev/kvm could be opened for reading and writing, just now. */
  readonly kvm: KvmAccess
}
export type KvmAccess = 'open' | 'absent' | 'denied'

export interface Refusal {
  readonly reason: Reason
  readonly summary: string
  readonly remedy: string
}

/** Ways to run the image, best first; the next one is for when the accelerator of the one before fails. */
export interface BootPlan {
  readonly attempts: readonly AttemptPlan[]
  /** Why there is no further way: the verdict when all attempts, perhaps none, failed by their accelerator. */
  readonly otherwise: Refusal
}

export interface PlanRequest extends MachineRequest {
  /** The image's. */
  readonly architecture: Architecture
  readonly target: Target
  readonly accelerator: 'auto' | 'kvm' | 'tcg'
}

/** Decides how to run an image on a machine. Pure: the same question always gives the same commands. */
export function planBoot(request: PlanRequest, machine: MachineFacts): BootPlan {
  const { architecture, target, accelerator } = request
  const sameArchitecture = architecture === machine.architecture
  const kvm = sameArchitecture && accelerator !== 'tcg' && machine.kvm === 'open'
  switch (target.monitor) {
    case 'qemu': {
      const emulate = accelerator !== 'kvm'
      return {
        attempts: [
          ...(kvm ? [planQemu(architecture, 'kvm', request)] : []),
          ...(emulate ? [planQemu(architecture, 'tcg', request)] : []),
        ],
        otherwise: noKvm(request, machine),
      }
    }
    case 'solo5-hvt':
      return { attempts: kvm ? [planTender('solo5-hvt', 'kvm', request)] : [], otherwise: noKvm(request, machine) }
    case 'solo5-spt':
      return {
        attempts: sameArchitecture ? [planTender('solo5-spt', 'native', request)] : [],
        otherwise: otherArchitecture(request, machine),
      }
    case 'process':
      return {
        attempts: sameArchitecture ? [planProcess(request)] : [],
        otherwise: otherArchitecture(request, machine),
      }
    case 'firecracker':
    case 'none':
      return { attempts: [], otherwise: notBooted(target) }
  }
}

function planProcess({ imagePath, args }: MachineRequest): AttemptPlan {
  return {
    monitor: 'process',
    accelerator: 'native',
    argv: [imagePath, ...args],
    qmp: false,
    installedBy: 'the build',
  }
}

function noKvm({ architecture, target, accelerator }: PlanRequest, machine: MachineFacts): Refusal {
  const needs = `${target.name} on ${architecture} needs KVM`
  const remedy =
    target.monitor === 'qemu'
      ? 'leave `accelerator: kvm` out: this target also boots by emulation'
      : `boot it on a machine whose KVM works, or build for spt or virtio to boot here`
  if (architecture !== machine.architecture) {
    return { reason: 'accelerator', summary: `${needs}, and this machine is ${machine.architecture}`, remedy }
  }
  if (accelerator === 'tcg') {
    return { reason: 'accelerator', summary: `${needs}, and \`accelerator: tcg\` forbids it`, remedy }
  }
  const because: Readonly<Record<KvmAccess, string>> = {
    open: 'and KVM opens here but fails its guests',
    absent: 'and there is no /dev/kvm here',
    denied: 'and /dev/kvm may not be opened by this user',
  }
  return {
    reason: 'accelerator',
    summary: `${needs}, ${because[machine.kvm]}`,
    remedy: machine.kvm === 'denied' ? 'add the user to the group of /dev/kvm (on hosted runners: a udev rule)' : remedy,
  }
}

function otherArchitecture({ architecture, target }: PlanRequest, machine: MachineFacts): Refusal {
  return {
    reason: 'unsupported',
    summary: `${target.name} runs on its own architecture only: the image is for ${architecture}, this machine is ${machine.architecture}`,
    remedy: architecture === 'aarch64' ? 'boot it on an arm64 runner (ubuntu-24.04-arm)' : 'boot it on an x86_64 runner',
  }
}

function notBooted(target: Target): Refusal {
  const bootedBy = target.bootedBy ?? 'firecracker'
  return {
    reason: 'unsupported',
    summary: `this tool builds ${target.name} and does not boot it`,
    remedy: `it is booted by ${bootedBy}`,
  }
}
