import { join } from "node:path";
import type { Architecture } from "../../target/architecture.js";

/**
 * Raised when a carrier of an older unikernel-ci must not be used any more: other modules, another script, another
 * protocol.
 */
const format = 2;

/** The files of a carrier. */
export const carrierNames = ["kernel", "initramfs"] as const;

/** Where a carrier is kept. */
export interface CarrierFiles {
  /** Its key in every cache. */
  readonly key: string;
  /** Absolute path of the folder that has nothing but these files. */
  readonly folder: string;
  readonly kernel: string;
  /** What is the same for each boot of it. */
  readonly initramfs: string;
}

/**
 * Where the carrier for an architecture will be, or is.
 *
 * @param system ID and version as of os-release(5), whose packages it is made of: `ubuntu 24.04`.
 */
export function carrierPlace(toolCache: string, system: string, architecture: Architecture): CarrierFiles {
  const name = ["carrier", format, ...system.split(" "), architecture].join("-");
  const folder = join(toolCache, "carriers", name);
  return { key: `unikernel-ci-${name}`, folder, kernel: join(folder, "kernel"), initramfs: join(folder, "initramfs") };
}
