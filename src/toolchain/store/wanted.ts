import type { ToolchainEnvironment, ToolchainOrigin, ToolchainSpec } from "../toolchain.js";
import type { InstalledToolchain } from "./installed.js";
import type { FindMounts } from "./mounted.js";
import type { Place } from "./place.js";

/** The toolchain to obtain, its place, and the ways to get it. */
export interface Wanted extends Makers {
  readonly spec: ToolchainSpec;
  readonly key: string;
  readonly place: Place;
  /** Another place, for when {@link place} does not have the toolchain and is not writable. */
  readonly spare?: () => Promise<Place>;
  /** The toolchain that it is built on; absent: it is built from nothing. */
  readonly below?: Wanted;
  /** Whether this run may use a toolchain of that origin. */
  readonly trusts: (origin: ToolchainOrigin) => boolean;
  readonly findMounts: FindMounts;
}

/** The work that the store leaves to its caller. */
export interface Makers {
  /**
   * Builds the toolchain in `path` and its packages in `builds`. `path` is empty, or has the packages of an earlier
   * build, or a copy of the toolchain `below`, which is undefined otherwise.
   */
  readonly build: (path: string, builds: string, below: ToolchainSpec | undefined) => Promise<ToolchainEnvironment>;
  /**
   * Makes the toolchain built in a folder smaller, in place.
   *
   * @param isNew whether a file is not as the toolchain below had it, which was made smaller before.
   * @returns whether a path, relative to the folder, is part of the toolchain.
   */
  readonly slim: (path: string, isNew: (path: string) => boolean) => Promise<(path: string) => boolean>;
  /** Throws a Problem when the toolchain does not work; other errors have other causes. */
  readonly smokeTest: (toolchain: InstalledToolchain) => Promise<void>;
}
