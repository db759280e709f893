import { join } from "node:path";
import type { Architecture } from "../../target/architecture.js";

/**
 * Raised when a helper VM of an older unikernel-ci must not be used any more: other modules, another script, another
 * protocol.
 */
const format = 2;

/** The files of a helper VM. */
export const helperVmFileNames = ["kernel", "initramfs"] as const;

/** Where a helper VM is kept. */
export interface HelperVmFiles {
  /** Its key in every cache. */
  readonly key: string;
  /** Absolute path of the folder that has nothing but these files. */
  readonly folder: string;
  readonly kernel: string;
  /** What is the same for each boot of it. */
  readonly initramfs: string;
}

/**
 * Where the helper VM for an architecture will be, or is.
 *
 * @param system ID and version as of os-release(5), whose packages it is made of: `ubuntu 24.04`.
 */
export function helperVmPlace(toolCache: string, system: string, architecture: Architecture): HelperVmFiles {
  const name = ["carrier", format, ...system.split(" "), architecture].join("-");
  const folder = join(toolCache, "carriers", name);
  return { key: `unikernel-ci-${name}`, folder, kernel: join(folder, "kernel"), initramfs: join(folder, "initramfs") };
}
