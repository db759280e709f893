import { type Architecture, architectures } from './architecture.js'

/**
 * What links a unikernel: Solo5's bindings, Unikraft's libraries, or nothing (`host`: a plain process).
 * A backend has one family of toolchains, which serves all of its targets.
 */
export type Backend = 'solo5' | 'unikraft' | 'host'

/**
 * The program that runs an image, before the host is looked at.
 * `none`: this tool builds the target but cannot boot it.
 */
export type MonitorKind = 'solo5-hvt' | 'solo5-spt' | 'qemu' | 'firecracker' | 'process' | 'none'

/** Which words on a console tell how a guest ended: see `boot/dialect.ts`. */
export type Dialect = 'solo5' | 'unikraft' | 'process'

/** How much of a guest's end its monitor reports. */
export type ExitReport =
  /** The monitor's exit status is the guest's. */
  | 'status'
  /** Only the line on the console tells; the monitor's status is the same for every end. */
  | 'console'
  /** Nothing tells the status: only that, and sometimes whether, the guest ended. */
  | 'none'

export interface Target {
  readonly name: TargetName
  readonly backend: Backend
  readonly architectures: readonly Architecture[]
  /** What `mirage configure -t` calls it; also what Solo5's and Unikraft's linker wrappers take. */
  readonly mirage: string
  /** The image's file name ends in this after `mirage build`: `dist/NAME.SUFFIX`. Empty: no suffix. */
  readonly suffix: string
  /** Solo5's number of the target in the ABI note (`enum abi_target` of Solo5's elf_abi.h). */
  readonly solo5Abi?: number
  /** What to hand the backend's linker so that the image is for this target: `-z solo5-abi=hvt`. */
  readonly linkOption?: string
  readonly monitor: MonitorKind
  readonly dialect: Dialect
  readonly exitReport: ExitReport
  /** For a target that is built and never booted: what would boot it. */
  readonly bootedBy?: string
}

export const targetNames = [
  'hvt',
  'spt',
  'virtio',
  'muen',
  'xen',
  'qubes',
  'unikraft-qemu',
  'unikraft-firecracker',
  'unix',
] as const
export type TargetName = (typeof targetNames)[number]

const solo5 = {
  backend: 'solo5',
  dialect: 'solo5',
} as const

const unikraft = {
  backend: 'unikraft',
  dialect: 'unikraft',
  exitReport: 'none',
  architectures,
} as const

/** The one table of targets: a new target is a row here. */
export const targets: Readonly<Record<TargetName, Target>> = {
  hvt: {
    ...solo5,
    name: 'hvt',
    architectures,
    mirage: 'hvt',
    suffix: 'hvt',
    solo5Abi: 1,
    linkOption: '-z solo5-abi=hvt',
    monitor: 'solo5-hvt',
    exitReport: 'status',
  },
  spt: {
    ...solo5,
    name: 'spt',
    architectures,
    mirage: 'spt',
    suffix: 'spt',
    solo5Abi: 2,
    linkOption: '-z solo5-abi=spt',
    monitor: 'solo5-spt',
    exitReport: 'status',
  },
  virtio: {
    ...solo5,
    name: 'virtio',
    architectures: ['x86_64'],
    mirage: 'virtio',
    suffix: 'virtio',
    solo5Abi: 3,
    linkOption: '-z solo5-abi=virtio',
    monitor: 'qemu',
    exitReport: 'console',
  },
  muen: {
    ...solo5,
    name: 'muen',
    architectures: ['x86_64'],
    mirage: 'muen',
    suffix: 'muen',
    solo5Abi: 4,
    linkOption: '-z solo5-abi=muen',
    monitor: 'none',
    exitReport: 'none',
    bootedBy: 'a Muen separation kernel system with the image as a subject',
  },
  xen: {
    ...solo5,
    name: 'xen',
    architectures: ['x86_64'],
    mirage: 'xen',
    suffix: 'xen',
    solo5Abi: 6,
    linkOption: '-z solo5-abi=xen',
    monitor: 'none',
    exitReport: 'none',
    bootedBy: 'a Xen host, as a PVH domain (`type = "pvh"`)',
  },
  qubes: {
    ...solo5,
    name: 'qubes',
    architectures: ['x86_64'],
    mirage: 'qubes',
    suffix: 'xen',
    solo5Abi: 6,
    linkOption: '-z solo5-abi=xen',
    monitor: 'none',
    exitReport: 'none',
    bootedBy: 'Qubes OS, as the kernel of a PVH qube',
  },
  'unikraft-qemu': {
    ...unikraft,
    name: 'unikraft-qemu',
    mirage: 'unikraft-qemu',
    suffix: 'qemu',
    linkOption: '-z unikraft-backend=qemu',
    monitor: 'qemu',
  },
  'unikraft-firecracker': {
    ...unikraft,
    name: 'unikraft-firecracker',
    mirage: 'unikraft-firecracker',
    suffix: 'fc',
    linkOption: '-z unikraft-backend=firecracker',
    monitor: 'firecracker',
  },
  unix: {
    name: 'unix',
    backend: 'host',
    architectures,
    mirage: 'unix',
    suffix: '',
    monitor: 'process',
    dialect: 'process',
    exitReport: 'status',
  },
}

/** The targets whose ABI note carries `abi`; several share one (qubes boots a xen image). */
export function targetsOfSolo5Abi(abi: number): readonly Target[] {
  return targetNames.map((name) => targets[name]).filter((target) => target.solo5Abi === abi)
}
