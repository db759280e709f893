import { type Architecture, architectures } from "./architecture.js";
/**
 * The system that a unikernel links: Solo5's bindings, Unikraft's libraries, or none (`host`: a plain process).
 * One family of toolchains serves all targets of a backend.
 */
export type Backend = "solo5" | "unikraft" | "host";

/** The programs that run images. Each has a file in `boot/vmms/`: what it can run, its command line, and why not. */
export type VmmName = Tender | `helper-vm-${Tender}` | "qemu" | "firecracker" | "loader" | "xen" | "process";

/** The words in which a guest reports its end: see `boot/judge/dialect.ts`. */
export type Dialect = "solo5" | "unikraft" | "process";

/** How much a VMM reports about the end of its guest. */
export type ExitReport =
  /** The VMM's exit status is the guest's. */
  | "status"
  /** Only the console shows it: the VMM exits with the same status for every end. */
  | "console"
  /** The guest's status is lost, and some guests hang instead of ending. */
  | "none";

/** `linux-image` is the arm64 boot Image: https://docs.kernel.org/arch/arm64/booting.html */
export type ImageFormat = "elf32" | "elf64" | "linux-image";

/** Unikraft's platform, as the marks in an image name it. */
export type UnikraftPlatform = "qemu" | "firecracker";

export interface Target {
  /** Its name for `mirage configure -t`. */
  readonly name: TargetName;
  readonly backend: Backend;
  readonly architectures: readonly Architecture[];
  /** The suffix of the image that `mirage build` writes: `dist/NAME.SUFFIX`. Empty: no suffix. */
  readonly suffix: string;
  /** Solo5's number for the target in the ABI note (`enum abi_target` of Solo5's elf_abi.h). */
  readonly solo5Abi?: number;
  readonly unikraftPlatform?: UnikraftPlatform;
  /** The only file format that the VMM loads, for each architecture; absent: any ELF file with the right marks. */
  readonly formats?: Readonly<Record<Architecture, ImageFormat>>;
  /** dune's context for the target: mirage's bindings look for these names. `default` is the host's. */
  readonly duneContext: "solo5" | "unikraft" | "default";
  /**
   * The variables by which the dune files of the backend's own examples choose the link option:
   * `(link_flags (:standard -cclib "-z solo5-abi=%{env:MODE=hvt}"))`.
   */
  readonly linkVariables: Readonly<Record<string, string>>;
  /**
   * The cross compiler for another architecture conflicts with the one in mirage's generated opam file, so
   * `make install-switch` would remove it.
   */
  readonly crossExcludesHost: boolean;
  /** The option by which the backend's linker makes an image for this target: `-z solo5-abi=hvt`. */
  readonly linkOption?: string;
  /** The VMMs that run its images, best first. Empty: the target is built but never booted. */
  readonly vmms: readonly VmmName[];
  readonly dialect: Dialect;
  readonly exitReport: ExitReport;
  /** Its guests find their devices there, whatever the image's manifest says. Absent: by the manifest, if any. */
  readonly devicesFrom?: "xenstore";
  /** For a target that is built but never booted: the system that would boot it. */
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

/** The target of mirage's own examples and of most unikernels. */
export const defaultTarget: TargetName = "hvt";

/**
 * @param abi the name of the ABI in Solo5's linker wrapper.
 * @param number its value in `enum abi_target` of Solo5's elf_abi.h.
 */
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

const onlyBuilt = { architectures: ["x86_64"], vmms: [], exitReport: "console" } as const;

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
    bootedBy:
      "a Muen separation kernel system with the image as a subject, " +
      "on a processor with Intel’s VT-x, which QEMU does not emulate",
  },
  xen: {
    ...solo5("xen", 6),
    name: "xen",
    architectures: ["x86_64"],
    vmms: ["xen"],
    exitReport: "console",
    devicesFrom: "xenstore",
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

/** The VMMs of Solo5. */
export const tenders = ["solo5-hvt", "solo5-spt"] as const;
export type Tender = (typeof tenders)[number];

/**
 * The file name of a tender: Solo5's own name for the architecture of this machine. For another architecture it is a
 * static program that the toolchain's build adds (toolchain/tenders.ts) and the helper VM runs (boot/helper-vm).
 */
export function tenderName(tender: Tender, architecture: Architecture, hostArchitecture: Architecture): string {
  return architecture === hostArchitecture ? tender : `${tender}-${architecture}`;
}
