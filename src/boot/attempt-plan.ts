import type { Architecture } from "../target/architecture.js";
import type { MonitorKind } from "../target/target.js";
import type { Tender } from "../target/tender.js";
import type { AttachedDevice } from "./devices/devices.js";
import type { Accelerator } from "./report.js";

/** What a monitor is told of the guest. */
export interface MonitorRequest {
  /** Absolute path. */
  readonly imagePath: string;
  readonly memoryMiB: number;
  readonly args: readonly string[];
  /** The guest takes the first word of its command line as its own name (Unikraft). */
  readonly ownsArgv0: boolean;
  /** In the order of the image's manifest: Solo5's virtio bindings take the n-th device of a kind for the n-th entry. */
  readonly devices: readonly AttachedDevice[];
}

/** One way to run the image on this machine: the exact command. */
export interface AttemptPlan {
  readonly monitor: MonitorKind;
  readonly accelerator: Accelerator;
  readonly argv: readonly [string, ...string[]];
  /** The Debian package that holds the program, where one does. */
  readonly debianPackage?: string;
  /** How many devices its machine has room for; absent: as many as an image can declare. */
  readonly mostDevices?: number;
  /** Present: `argv` starts a small Linux guest (the carrier), and this runs in it. */
  readonly inside?: CarrierRun;
}

/** What a carrier runs: a Solo5 tender for its architecture. */
export interface CarrierRun {
  readonly architecture: Architecture;
  readonly tender: Tender;
  /** The tender's arguments; paths are those inside the carrier. */
  readonly args: readonly string[];
}

/** Tenders and Firecracker take a tap, and know nothing of user networking. */
export function hasTaps({ devices }: MonitorRequest): boolean {
  return devices.every((device) => device.type === "block" || device.link.kind === "tap");
}

/** An attempt in a few words: `solo5-hvt with KVM`. */
export function describeAttempt({ argv, accelerator, inside }: AttemptPlan): string {
  if (inside !== undefined)
    return `${inside.tender} in a small Linux guest for ${inside.architecture}, by emulation (TCG)`;
  const how = { kvm: "with KVM", tcg: "by emulation (TCG)", native: "as a process" };
  return `${argv[0]} ${how[accelerator]}`;
}
