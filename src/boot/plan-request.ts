import type { Architecture } from "../target/architecture.js";
import type { Target } from "../target/target.js";
import type { MonitorRequest } from "./attempt-plan.js";
import type { CarrierFiles } from "./carrier/place.js";

export interface PlanRequest extends MonitorRequest {
  /** The image's. */
  readonly architecture: Architecture;
  readonly target: Target;
  readonly accelerator: "auto" | "kvm" | "tcg";
  readonly places: BootPlaces;
}

/** What of this machine decides how an image is run. */
export interface MachineFacts {
  readonly architecture: Architecture;
  /** Whether /dev/kvm could be opened for reading and writing, just now. */
  readonly kvm: KvmAccess;
  /** An AMD processor that is itself a virtual machine's. */
  readonly isNestedAmd: boolean;
  /** Architectures for which there is a Solo5 tender that a carrier can run. */
  readonly tenders: readonly Architecture[];
}
export type KvmAccess = "open" | "absent" | "denied";

/** Files that an attempt may need; where they will be is known before they are made. */
export interface BootPlaces {
  readonly carriers: Readonly<Record<Architecture, CarrierFiles>>;
  /** What a carrier unpacks at its start. */
  readonly initrd: string;
  readonly firecrackerConfig: string;
  readonly loader: string;
}
