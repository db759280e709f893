import type { ToolchainEnvironment, ToolchainOrigin, ToolchainSpec } from "../toolchain.js";
import type { InstalledToolchain } from "./installed.js";
import type { FindMounts } from "./mounted.js";
import type { Place } from "./place.js";

/** The toolchain that is wanted, where, and what a set-up may do for it. */
export interface Wanted extends Makers {
  readonly spec: ToolchainSpec;
  readonly key: string;
  readonly place: Place;
  /** Another place, for a toolchain that {@link place} has not and may not be given. */
  readonly spare?: () => Promise<Place>;
  /** Whether this run may use what came to this machine from there. */
  readonly trusts: (origin: ToolchainOrigin) => boolean;
  /** What mounts a toolchain that comes as an image. */
  readonly findMounts: FindMounts;
}

/** What the store needs done, and does not do itself. */
export interface Makers {
  /**
   * Builds the toolchain in a folder, and its packages in another. The first is empty, or has what an earlier build has
   * installed there.
   */
  readonly build: (path: string, builds: string) => Promise<ToolchainEnvironment>;
  /**
   * Makes what was built in a folder smaller, in place.
   *
   * @returns whether a path, relative to the folder, becomes part of the toolchain.
   */
  readonly slim: (path: string) => Promise<(path: string) => boolean>;
  /** Throws a Problem when the toolchain does not work; another error says nothing about the toolchain. */
  readonly prove: (toolchain: InstalledToolchain) => Promise<void>;
}
