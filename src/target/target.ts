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

/** `linux-image` is the arm64 boot Image: https://docs.kernel.org/arch/arm64/booting.html */
export type ImageFormat = 'elf32' | 'elf64' | 'linux-image'

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
  /** Unikraft's platform, as an image's marks tell it. */
  readonly unikraftPlatform?: 'qemu' | 'firecracker'
  /** The only file format that the monitor loads, for each architecture; absent: any ELF file with the right marks. */
  readonly formats?: Readonly<Record<Architecture, ImageFormat>>
  /** dune's context for the target: mirage's bindings look for these names. `default` is the host's own. */
  readonly duneContext: 'solo5' | 'unikraft' | 'default'
  /**
   * What the backend's own examples read in their dune files to choose the link option:
   * `(link_flags (:standard -cclib "-z solo5-abi=%{env:MODE=hvt}"))`.
   */
  readonly linkVariables: Readonly<Record<string, string>>
  /**
   * The compiler for another architecture conflicts with the one that mirage's generated opam file depends on:
   * `make install-switch` would throw it out.
   */
  readonly crossExcludesHost: boolean
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

/** What mirage's own examples and most unikernels are for. */
export const defaultTarget: TargetName = 'hvt'

const solo5 = {
  backend: 'solo5',
  dialect: 'solo5',
  duneContext: 'solo5',
  crossExcludesHost: true,
} as const

const unikraft = {
  backend: 'unikraft',
  dialect: 'unikraft',
  exitReport: 'none',
  architectures,
  duneContext: 'unikraft',
  crossExcludesHost: false,
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
    linkVariables: { MODE: 'hvt' },
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
    linkVariables: { MODE: 'spt' },
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
    linkVariables: { MODE: 'virtio' },
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
    linkVariables: { MODE: 'muen' },
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
    linkVariables: { MODE: 'xen' },
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
    linkVariables: { MODE: 'xen' },
    monitor: 'none',
    exitReport: 'none',
    bootedBy: 'Qubes OS, as the kernel of a PVH qube',
  },
  'unikraft-qemu': {
    ...unikraft,
    name: 'unikraft-qemu',
    mirage: 'unikraft-qemu',
    suffix: 'qemu',
    unikraftPlatform: 'qemu',
    formats: { x86_64: 'elf32', aarch64: 'linux-image' },
    linkOption: '-z unikraft-backend=qemu',
    linkVariables: { UNIKRAFTBACKEND: 'qemu' },
    monitor: 'qemu',
  },
  'unikraft-firecracker': {
    ...unikraft,
    name: 'unikraft-firecracker',
    mirage: 'unikraft-firecracker',
    suffix: 'fc',
    unikraftPlatform: 'firecracker',
    formats: { x86_64: 'elf64', aarch64: 'linux-image' },
    linkOption: '-z unikraft-backend=firecracker',
    linkVariables: { UNIKRAFTBACKEND: 'firecracker' },
    monitor: 'firecracker',
  },
  unix: {
    name: 'unix',
    backend: 'host',
    architectures,
    duneContext: 'default',
    crossExcludesHost: false,
    linkVariables: {},
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
