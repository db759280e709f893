import type { Architecture } from "../target/architecture.js";
import type { ImageFormat, UnikraftPlatform } from "../target/target.js";

/** What a file is, told by its bytes alone (docs/facts.md section 4). */
export interface Image {
  readonly format: ImageFormat;
  readonly architecture: Architecture;
  readonly system: ImageSystem;
}

/** Whose bindings an image carries. */
export type ImageSystem =
  | { readonly kind: "solo5"; readonly abi: number; readonly abiVersion: number; readonly devices: readonly Device[] }
  | { readonly kind: "unikraft"; readonly platform: UnikraftPlatform; readonly version?: string }
  /** An executable of the host's own system (target `unix`). */
  | { readonly kind: "process" }
  /** A kernel with no mark that we know. */
  | { readonly kind: "unmarked" };

/** A device that the image's manifest asks for, in the manifest's order. */
export interface Device {
  readonly name: string;
  readonly type: "block" | "net";
}
