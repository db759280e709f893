import type { Architecture } from '../target/architecture.js'
import type { MonitorKind, Target } from '../target/target.js'
import type { AttachedDevice } from './devices.js'
import { type CarrierPlace, planCarrier } from './monitors/carrier.js'
import { planFirecracker } from './monitors/firecracker.js'
import { planLoader } from './monitors/loader.js'
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
  /** In the order of the image's manifest: Solo5's virtio bindings take the n-th device of a kind for the n-th entry. */
  readonly devices: readonly AttachedDevice[]
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
  /** Present: `argv` starts a small Linux guest (the carrier), and this runs in it. */
  readonly inside?: CarrierRun
}

/** What a carrier runs: a Solo5 tender for its architecture. */
export interface CarrierRun {
  readonly architecture: Architecture
  readonly tender: 'solo5-hvt' | 'solo5-spt'
  /** The tender's arguments; paths are those inside the carrier. */
  readonly args: readonly string[]
}

/** What of this machine decides how an image is run. */
export interface MachineFacts {
  readonly architecture: Architecture
  /** Whether /dev/kvm could be opened for reading and writing, just now. */
  readonly kvm: KvmAccess
  /** An AMD processor that is itself a virtual machine's. */
  readonly isNestedAmd: boolean
  /** Architectures for which there is a Solo5 tender that a carrier can run. */
  readonly tenders: readonly Architecture[]
}
export type KvmAccess = 'open' | 'absent' | 'denied'

/** Files that an attempt may need; where they will be is known before they are made. */
export interface BootPlaces {
  readonly carriers: Readonly<Record<Architecture, CarrierPlace>>
  readonly firecrackerConfig: string
  readonly loader: string
}

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
  readonly places: BootPlaces
}

/** Decides how to run an image on a machine. Pure: the same question always gives the same commands. */
export function planBoot(request: PlanRequest, machine: MachineFacts): BootPlan {
  return { attempts: attemptsFor(request, machine), otherwise: refusal(request, machine) }
}

function attemptsFor(request: PlanRequest, machine: MachineFacts): AttemptPlan[] {
  const { architecture, target, accelerator, places } = request
  const sameArchitecture = architecture === machine.architecture
  const kvm = sameArchitecture && accelerator !== 'tcg' && machine.kvm === 'open'
  const emulate = accelerator !== 'kvm'
  const carrier = (tender: 'solo5-hvt' | 'solo5-spt') =>
    emulate && machine.tenders.includes(architecture)
      ? [planCarrier(architecture, tender, request, places.carriers[architecture])]
      : []
  switch (target.monitor) {
    case 'qemu':
      return [
        ...(kvm ? [planQemu(architecture, { accelerator: 'kvm', isNestedAmd: machine.isNestedAmd }, request)] : []),
        ...(emulate ? [planQemu(architecture, { accelerator: 'tcg' }, request)] : []),
      ]
    case 'solo5-hvt':
      return [...(kvm && hasTaps(request) ? [planTender('solo5-hvt', 'kvm', request)] : []), ...carrier('solo5-hvt')]
    case 'solo5-spt':
      return sameArchitecture && hasTaps(request) ? [planTender('solo5-spt', 'native', request)] : carrier('solo5-spt')
    case 'firecracker':
      return [
        ...(kvm && hasTaps(request) ? [planFirecracker(architecture, { config: places.firecrackerConfig })] : []),
        ...(emulate && architecture === 'x86_64' ? [planLoader(request, { loader: places.loader })] : []),
      ]
    case 'process':
      return sameArchitecture ? [planProcess(request)] : []
    case 'none':
      return []
  }
}

/** Tenders and Firecracker take a tap, and know nothing of user networking. */
function hasTaps({ devices }: MachineRequest): boolean {
  return devices.every((device) => device.type === 'block' || device.link.kind === 'tap')
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

function refusal(request: PlanRequest, machine: MachineFacts): Refusal {
  const { target, architecture, accelerator } = request
  switch (target.monitor) {
    case 'none':
      return notBooted(target)
    case 'process':
      return otherArchitecture(request, machine)
    case 'solo5-hvt':
    case 'solo5-spt':
      if (architecture !== machine.architecture && !machine.tenders.includes(architecture)) return noTender(request)
      if (accelerator === 'kvm' && needsCarrier(request, machine)) return carrierForbidden(request, machine)
      return noKvm(request, machine)
    case 'firecracker':
      if (accelerator === 'kvm' && architecture === machine.architecture && !hasTaps(request)) return userNetForbidden('by emulation')
      return noKvm(request, machine)
    case 'qemu':
      return noKvm(request, machine)
  }
}

/** Whether a tender can run the image in the Linux guest only, whatever KVM does. */
function needsCarrier(request: PlanRequest, machine: MachineFacts): boolean {
  const isAbroad = request.architecture !== machine.architecture
  // Abroad it is KVM itself that is missing to hvt; spt needs none at home.
  return request.target.monitor === 'solo5-spt' ? isAbroad || !hasTaps(request) : !isAbroad && !hasTaps(request)
}

function carrierForbidden(request: PlanRequest, machine: MachineFacts): Refusal {
  if (request.architecture === machine.architecture) return userNetForbidden('in the Linux guest, which is emulation')
  return {
    reason: 'accelerator',
    summary: `${request.target.name} for ${request.architecture} runs here in the Linux guest, which is emulation; \`accelerator: kvm\` forbids it`,
    remedy: 'leave `accelerator: kvm` out',
  }
}

function userNetForbidden(where: string): Refusal {
  return {
    reason: 'accelerator',
    summary: `with \`net: user\` it runs ${where}; \`accelerator: kvm\` forbids it`,
    remedy: 'set `net: tap`, or leave `accelerator: kvm` out',
  }
}

function noKvm({ architecture, target, accelerator }: PlanRequest, machine: MachineFacts): Refusal {
  const needs = `${target.name} on ${architecture} needs KVM`
  const emulated = target.monitor !== 'firecracker' || architecture === 'x86_64'
  const remedy =
    accelerator === 'kvm' && emulated
      ? 'leave `accelerator: kvm` out: this target also boots by emulation'
      : 'boot it on a machine whose KVM works, or build for another target to boot here'
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

function noTender({ architecture, target }: PlanRequest): Refusal {
  return {
    reason: 'unsupported',
    summary: `${target.name} for ${architecture} runs here in a Linux guest, and there is no ${target.monitor} for ${architecture} to run it there`,
    remedy: `set the toolchain up with \`arch: ${architecture}\`, which builds one, or boot it on ${architecture === 'aarch64' ? 'an arm64 runner (ubuntu-24.04-arm)' : 'an x86_64 runner'}`,
  }
}

function otherArchitecture({ architecture, target }: PlanRequest, machine: MachineFacts): Refusal {
  return {
    reason: 'unsupported',
    summary: `${target.name} runs on its own architecture only: the image is for ${architecture}, this machine is ${machine.architecture}`,
    remedy: architecture === 'aarch64' ? 'boot it on an arm64 runner (ubuntu-24.04-arm)' : 'boot it on an x86_64 runner',
  }
}

/** Why a target that is only built has no verdict. */
export function notBooted(target: Target): Refusal {
  return {
    reason: 'unsupported',
    summary: `this tool builds ${target.name} and does not boot it`,
    remedy: `it is booted by ${target.bootedBy ?? 'nothing that we know'}`,
  }
}
