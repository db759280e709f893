import type { Context } from "../../platform/host.js";
import type { Problem } from "../../platform/problem.js";
import type { Architecture } from "../../targets/architecture.js";
import type { VmmName, Tender } from "../../targets/targets.js";
import type { BootRequest } from "../boot-request.js";
import type { AttachedDevice } from "../devices/devices.js";
import type { HelperVmFiles, HelperVmKind } from "../helper-vm/published.js";
import type { Reason } from "../judge/verdict.js";
import type { Accelerator, VmmProgram } from "../report.js";

export type Asked = Pick<BootRequest, "target" | "architecture" | "accelerator" | "image" | "memory">;

/** Made for one boot and gone after it; the request itself is never changed. */
export interface BootSite {
  readonly imagePath: string;
  /** The request's arguments, with those of the guest's address in front. */
  readonly args: readonly string[];
  /** In the manifest's order: Solo5's virtio bindings take the n-th device of a kind for the n-th entry. */
  readonly devices: readonly AttachedDevice[];
  readonly places: BootPlaces;
}

/** Paths of files that an attempt may need, known before the files exist. */
export interface BootPlaces {
  readonly helperVms: Readonly<Record<HelperVmKind, HelperVmFiles>>;
  /** The helper VM's initramfs for this boot. */
  readonly initrd: string;
  readonly firecrackerConfig: string;
  readonly loader: string;
  /** The console of a second run, after a crash. */
  readonly secondConsole: string;
  /** The image that it runs, where that is another one. */
  readonly secondImage: string;
  /** A folder for the guest's memory after its crash. */
  readonly dumps: string;
}

export interface MachineFacts {
  readonly architecture: Architecture;
  /** Whether /dev/kvm could just be opened for reading and writing. */
  readonly kvm: KvmAccess;
  readonly isNestedAmd: boolean;
  /** Architectures with a Solo5 tender that a helper VM can run. */
  readonly tenders: readonly Architecture[];
}
export type KvmAccess = "open" | "absent" | "denied";

export interface Refusal {
  readonly reason: Reason;
  readonly summary: string;
  readonly remedy: string;
}

export interface Command {
  readonly argv: readonly [string, ...string[]];
  readonly debianPackage?: string;
  /** Absent: as many as an image can declare. */
  readonly mostDevices?: number;
  /** Sockets on its file descriptors 3 and 4. */
  readonly channels: 0 | 1 | 2;
  readonly files?: readonly { readonly path: string; readonly text: string }[];
  /** Runs in the helper VM that `argv` starts. */
  readonly inside?: TenderRun | DomainRun;
}

/**
 * A command for gdb(1). `remote`: it speaks gdb's protocol on its standard streams, and waits. `process`: the image's
 * code runs in the VMM's own process.
 */
export interface Debugged {
  readonly kind: "remote" | "process";
  readonly argv: readonly [string, ...string[]];
}

export interface TenderRun {
  readonly architecture: Architecture;
  readonly tender: Tender;
  /** Paths are those inside the helper VM. */
  readonly args: readonly string[];
  /** The disk of the helper VM that gets the guest's memory if it crashes. */
  readonly dump?: string;
}

/** In the Xen helper VM. */
export interface DomainRun {
  /** The domain's configuration for `xl`: xl.cfg(5). Paths are those inside the helper VM. */
  readonly domain: string;
}

export function helperVmFor(inside: TenderRun | DomainRun): HelperVmKind {
  return "domain" in inside ? "xen-x86_64" : inside.architecture;
}

export interface AttemptPlan extends Command {
  readonly vmm: VmmName;
  readonly program: VmmProgram;
  readonly accelerator: Accelerator;
}

/** A program that runs images. The plan, refusals, the matrix and the tables all ask it; vmms.ts lists every one. */
export interface Vmm {
  readonly program: VmmProgram;
  /** For tables, where the VMMs of a target are joined by `, else `. */
  readonly words: string;
  /** The guest is a host process: on the host's own network, without devices. */
  readonly isProcess?: true;
  /** An emulated machine that runs the tender: slower than any other way. */
  readonly isHelperVm?: true;
  /** It passes the image's path to the guest, which splits it at whitespace. */
  readonly splitsPath?: true;

  /** What an image can run on, best first, on a machine of an architecture. */
  accelerators(architecture: Architecture, machine: Architecture): readonly Accelerator[];

  /** Whether it can run this boot, accelerators aside. Absent: always. */
  takes?(asked: Asked, site: BootSite, machine: MachineFacts): boolean;

  /**
   * Why it does not run this boot, or what its failure means when it was tried.
   *
   * @param isEmulated a VMM of the target runs such images by emulation.
   * @returns undefined: the VMM before it in the target's row has the reason.
   */
  whyNot?(asked: Asked, site: BootSite, machine: MachineFacts, isEmulated: boolean): Refusal | undefined;

  command(asked: Asked, site: BootSite, accelerator: Accelerator, machine: MachineFacts): Command;

  /**
   * How it runs a boot under gdb, after a crash. Absent: it cannot.
   */
  debugged?(asked: Asked, site: BootSite, machine: MachineFacts): Debugged;

  /**
   * A boot that leaves the guest's memory and registers as a core file in `places.dumps` if it traps or aborts. Absent:
   * it cannot.
   */
  dumped?(asked: Asked, site: BootSite): Command;

  /** Downloads a program that no package has. @returns absolute path. */
  download?(context: Context): Promise<string>;

  /** The error for a missing program that no package has; `target` is the image's. */
  missing?(program: string, target: string): Problem;
}

/** Tenders and Firecracker support only taps, no user networking. */
export function hasTaps({ devices }: BootSite): boolean {
  return devices.every((device) => device.type === "block" || device.link.kind === "tap");
}

/** The guest takes the first word of its command line as its own name. */
export function ownsArgv0({ image }: Asked): boolean {
  return image.system.kind === "unikraft";
}

/** An attempt in a few words: `solo5-hvt with KVM`. */
export function describeAttempt({ argv, accelerator, inside }: AttemptPlan): string {
  if (inside !== undefined && "domain" in inside) return "Xen in a helper VM, by emulation (TCG)";
  if (inside !== undefined) return `${inside.tender} in a helper VM for ${inside.architecture}, by emulation (TCG)`;
  const how = { kvm: "with KVM", tcg: "by emulation (TCG)", native: "as a process" };
  return `${argv[0]} ${how[accelerator]}`;
}
