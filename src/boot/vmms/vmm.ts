import type { Context } from "../../platform/host.js";
import type { Problem } from "../../platform/problem.js";
import type { Architecture } from "../../targets/architecture.js";
import type { VmmName } from "../../targets/targets.js";
import type { Tender } from "../../targets/tender.js";
import type { BootRequest } from "../boot-request.js";
import type { AttachedDevice } from "../devices/devices.js";
import type { HelperVmFiles } from "../helper-vm/published.js";
import type { Reason } from "../judge/verdict.js";
import type { Accelerator, VmmProgram } from "../report.js";

/** What of a request decides how its image is run. */
export type Asked = Pick<BootRequest, "target" | "architecture" | "accelerator" | "image" | "memory">;

/** What is added to a request on the way: made for one boot, and gone after it. */
export interface BootSite {
  /** Absolute path of the image, or of a link to it. */
  readonly imagePath: string;
  /** The request's arguments, with those of the guest's address in front. */
  readonly args: readonly string[];
  /** In the order of the image's manifest: Solo5's virtio bindings take the n-th device of a kind for the n-th entry. */
  readonly devices: readonly AttachedDevice[];
  readonly places: BootPlaces;
}

/** Files that an attempt may need; where they will be is known before they are made. */
export interface BootPlaces {
  readonly helperVms: Readonly<Record<Architecture, HelperVmFiles>>;
  /** What a helper VM unpacks at its start. */
  readonly initrd: string;
  readonly firecrackerConfig: string;
  readonly loader: string;
}

/** What of this machine decides how an image is run. */
export interface MachineFacts {
  readonly architecture: Architecture;
  /** Whether /dev/kvm could be opened for reading and writing, just now. */
  readonly kvm: KvmAccess;
  /** An AMD processor that is itself a virtual machine's. */
  readonly isNestedAmd: boolean;
  /** Architectures for which there is a Solo5 tender that a helper VM can run. */
  readonly tenders: readonly Architecture[];
}
export type KvmAccess = "open" | "absent" | "denied";

/** Why an image cannot be run on a machine, or in no further way. */
export interface Refusal {
  readonly reason: Reason;
  readonly summary: string;
  readonly remedy: string;
}

/** The exact command that runs an image, and what it needs. */
export interface Command {
  readonly argv: readonly [string, ...string[]];
  /** The Debian package that holds the program, where one does. */
  readonly debianPackage?: string;
  /** How many devices its machine has room for; absent: as many as an image can declare. */
  readonly mostDevices?: number;
  /** How many sockets it has, on its file descriptors 3 and 4. */
  readonly channels: 0 | 1 | 2;
  /** Written before it starts. */
  readonly files?: readonly { readonly path: string; readonly text: string }[];
  /** Present: `argv` starts a helper VM, and this runs in it. */
  readonly inside?: TenderRun;
}

/** What a helper VM runs: a Solo5 tender for its architecture. */
export interface TenderRun {
  readonly architecture: Architecture;
  readonly tender: Tender;
  /** The tender's arguments; paths are those inside the helper VM. */
  readonly args: readonly string[];
}

/** One way to run the image on this machine. */
export interface AttemptPlan extends Command {
  readonly vmm: VmmName;
  readonly program: VmmProgram;
  readonly accelerator: Accelerator;
}

/** What runs images. All that is said of it anywhere (plan, refusal, matrix, tables) is asked here; it is named in vmms.ts. */
export interface Vmm {
  /** What the guest itself runs in, as reports call it. */
  readonly program: VmmProgram;
  /** How it boots images, for tables, where those of a target are joined by `, else `. */
  readonly words: string;
  /** The guest is a process of this host: on the host's own network, without devices. */
  readonly isProcess?: true;
  /** An emulated machine in which the tender runs: slower than any other way. */
  readonly isHelperVm?: true;
  /** It tells the guest the image's path as one of its words, which the guest splits at blanks. */
  readonly splitsPath?: true;

  /**
   * What an image can run on there, best first, before the machine is looked at.
   *
   * @param machine architecture of the machine.
   */
  accelerators(architecture: Architecture, machine: Architecture): readonly Accelerator[];

  /** Whether it can run this boot, as far as an accelerator does not decide it. Absent: always. */
  takes?(asked: Asked, site: BootSite, machine: MachineFacts): boolean;

  /**
   * Why it does not run this boot, or, where it was tried, what its failure means.
   *
   * @param isEmulated a VMM of the target runs such images without KVM.
   * @returns undefined: the VMM before it in the target's row has the reason.
   */
  whyNot?(asked: Asked, site: BootSite, machine: MachineFacts, isEmulated: boolean): Refusal | undefined;

  /** Pure: the same question always gives the same command. */
  command(asked: Asked, site: BootSite, accelerator: Accelerator, machine: MachineFacts): Command;

  /**
   * Gets its program, where no package has it.
   *
   * @returns absolute path.
   */
  download?(context: Context): Promise<string>;

  /** What to say of a program that is missing, where no package has it; `target` is the image's. */
  missing?(program: string, target: string): Problem;
}

/** Tenders and Firecracker take a tap, and know nothing of user networking. */
export function hasTaps({ devices }: BootSite): boolean {
  return devices.every((device) => device.type === "block" || device.link.kind === "tap");
}

/** The guest takes the first word of its command line as its own name. */
export function ownsArgv0({ image }: Asked): boolean {
  return image.system.kind === "unikraft";
}

/** An attempt in a few words: `solo5-hvt with KVM`. */
export function describeAttempt({ argv, accelerator, inside }: AttemptPlan): string {
  if (inside !== undefined) return `${inside.tender} in a helper VM for ${inside.architecture}, by emulation (TCG)`;
  const how = { kvm: "with KVM", tcg: "by emulation (TCG)", native: "as a process" };
  return `${argv[0]} ${how[accelerator]}`;
}
