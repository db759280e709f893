import { type Architecture, architectures } from "./architecture.js";
import type { Tender } from "./tender.js";

/**
 * What links a unikernel: Solo5's bindings, Unikraft's libraries, or nothing (`host`: a plain process).
 * A backend has one family of toolchains, which serves all of its targets.
 */
export type Backend = "solo5" | "unikraft" | "host";

/** What runs images: each is a file of `boot/vmms/`, which says what it runs, how, and why not. */
export type VmmName = Tender | `helper-vm-${Tender}` | "qemu" | "firecracker" | "loader" | "process";

/** Which words on a console tell how a guest ended: see `boot/judge/dialect.ts`. */
export type Dialect = "solo5" | "unikraft" | "process";

/** How much of a guest's end its VMM reports. */
export type ExitReport =
  /** The VMM's exit status is the guest's. */
  | "status"
  /** Only the line on the console tells; the VMM's status is the same for every end. */
  | "console"
  /** Nothing tells the status: only that, and sometimes whether, the guest ended. */
  | "none";

/** `linux-image` is the arm64 boot Image: https://docs.kernel.org/arch/arm64/booting.html */
export type ImageFormat = "elf32" | "elf64" | "linux-image";

/** Unikraft's platform, as an image's marks tell it. */
export type UnikraftPlatform = "qemu" | "firecracker";

export interface Target {
  /** What `mirage configure -t` calls it. */
  readonly name: TargetName;
  readonly backend: Backend;
  readonly architectures: readonly Architecture[];
  /** The image's file name ends in this after `mirage build`: `dist/NAME.SUFFIX`. Empty: no suffix. */
  readonly suffix: string;
  /** Solo5's number of the target in the ABI note (`enum abi_target` of Solo5's elf_abi.h). */
  readonly solo5Abi?: number;
  readonly unikraftPlatform?: UnikraftPlatform;
  /** The only file format that the VMM loads, for each architecture; absent: any ELF file with the right marks. */
  readonly formats?: Readonly<Record<Architecture, ImageFormat>>;
  /** dune's context for the target: mirage's bindings look for these names. `default` is the host's own. */
  readonly duneContext: "solo5" | "unikraft" | "default";
  /**
   * What the backend's own examples read in their dune files to choose the link option:
   * `(link_flags (:standard -cclib "-z solo5-abi=%{env:MODE=hvt}"))`.
   */
  readonly linkVariables: Readonly<Record<string, string>>;
  /**
   * The compiler for another architecture conflicts with the one that mirage's generated opam file depends on:
   * `make install-switch` would throw it out.
   */
  readonly crossExcludesHost: boolean;
  /** What to hand the backend's linker so that the image is for this target: `-z solo5-abi=hvt`. */
  readonly linkOption?: string;
  /** What runs its images, best first; none: this tool builds the target but cannot boot it. */
  readonly vmms: readonly VmmName[];
  readonly dialect: Dialect;
  readonly exitReport: ExitReport;
  /** For a target that is built and never booted: what would boot it. */
  readonly bootedBy?: string;
}

export const targetNames = [
  "hvt",
  "spt",
  "virtio",
  "muen",
  "xen",
  "qubes",
  "unikraft-qemu",
  "unikraft-firecracker",
  "unix",
] as const;
export type TargetName = (typeof targetNames)[number];

/** What mirage's own examples and most unikernels are for. */
export const defaultTarget: TargetName = "hvt";

/** @param abi what Solo5's linker wrapper calls the ABI; `number` is that of `enum abi_target` in Solo5's elf_abi.h. */
const solo5 = (abi: string, number: number) =>
  ({
    backend: "solo5",
    dialect: "solo5",
    duneContext: "solo5",
    crossExcludesHost: true,
    suffix: abi,
    solo5Abi: number,
    linkOption: `-z solo5-abi=${abi}`,
    linkVariables: { MODE: abi },
  }) as const;

const unikraft = (platform: UnikraftPlatform) =>
  ({
    backend: "unikraft",
    dialect: "unikraft",
    duneContext: "unikraft",
    crossExcludesHost: false,
    architectures,
    unikraftPlatform: platform,
    linkOption: `-z unikraft-backend=${platform}`,
    linkVariables: { UNIKRAFTBACKEND: platform },
    exitReport: "none",
  }) as const;

/** Built, and never booted. */
const onlyBuilt = { architectures: ["x86_64"], vmms: [], exitReport: "none" } as const;

/** The one table of targets: a new target is a row here. */
export const targets: Readonly<Record<TargetName, Target>> = {
  hvt: {
    ...solo5("hvt", 1),
    name: "hvt",
    architectures,
    vmms: ["solo5-hvt", "helper-vm-solo5-hvt"],
    exitReport: "status",
  },
  spt: {
    ...solo5("spt", 2),
    name: "spt",
    architectures,
    vmms: ["solo5-spt", "helper-vm-solo5-spt"],
    exitReport: "status",
  },
  virtio: {
    ...solo5("virtio", 3),
    name: "virtio",
    architectures: ["x86_64"],
    vmms: ["qemu"],
    exitReport: "console",
  },
  muen: {
    ...solo5("muen", 4),
    ...onlyBuilt,
    name: "muen",
    bootedBy: "a Muen separation kernel system with the image as a subject",
  },
  xen: {
    ...solo5("xen", 6),
    ...onlyBuilt,
    name: "xen",
    bootedBy: 'a Xen host, as a PVH domain (`type = "pvh"`)',
  },
  qubes: {
    ...solo5("xen", 6),
    ...onlyBuilt,
    name: "qubes",
    bootedBy: "Qubes OS, as the kernel of a PVH qube",
  },
  "unikraft-qemu": {
    ...unikraft("qemu"),
    name: "unikraft-qemu",
    suffix: "qemu",
    formats: { x86_64: "elf32", aarch64: "linux-image" },
    vmms: ["qemu"],
  },
  "unikraft-firecracker": {
    ...unikraft("firecracker"),
    name: "unikraft-firecracker",
    suffix: "fc",
    formats: { x86_64: "elf64", aarch64: "linux-image" },
    vmms: ["firecracker", "loader"],
  },
  unix: {
    name: "unix",
    backend: "host",
    dialect: "process",
    duneContext: "default",
    crossExcludesHost: false,
    architectures,
    suffix: "",
    linkVariables: {},
    vmms: ["process"],
    exitReport: "status",
  },
};
