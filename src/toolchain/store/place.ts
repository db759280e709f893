import { constants } from "node:fs";
import { access, mkdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { isNotAllowed, Problem } from "../../platform/problem.js";
import { prefixLength } from "../archive/prefix.js";

/** Where a toolchain is on this machine. */
export interface Place {
  /** Its folder, absolute and without links in it; complete when it is there. */
  readonly path: string;
  /** Where it is built, {@link prefixLength} bytes long: what is built there can be moved anywhere that is not longer. */
  readonly buildPath: string;
  /** Where opam builds its packages meanwhile, beside {@link buildPath}: some of them bear no path of its length. */
  readonly builds: string;
  /** Where its archive lies while it is made, or fetched by somebody who wants a file. */
  readonly archive: string;
  /** The folder of its image, where it is one that was mounted. */
  readonly image: string;
  readonly lock: string;
}

/** Where the image of the toolchain in `path` is. */
export const imageFolderOf = (path: string): string => `${path}.image`;

/** Says what the toolchain in `path` was when a job was given it itself: see handed-out.ts. */
export const handedOutRecordOf = (path: string): string => `${path}.handed.json`;

/** The folder of all toolchains in a tool cache. */
export const toolchainsFolder = (toolCache: string): string => join(toolCache, "toolchains");

/**
 * The place of the toolchain with this key.
 *
 * @param toolCache absolute; it is made where it is not there and may be. Links in it are followed: programs write down
 *   where they really are.
 * @throws Problem when toolchains cannot live there.
 */
export async function toolchainPlace(toolCache: string, key: string): Promise<Place> {
  const folder = toolchainsFolder(toolCache);
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    if (isNotAllowed(error)) return placeIn(folder, key);
    throw error;
  }
  return placeIn(await realpath(folder), key);
}

/** {@link toolchainPlace}, in a folder that is known. */
export function placeIn(folder: string, key: string): Place {
  const path = join(folder, key);
  const building = `${path}.build.`;
  const room = prefixLength - Buffer.byteLength(building);
  const reason = /\s/.test(path)
    ? "it has blanks"
    : room < 0
      ? `the path is ${Buffer.byteLength(path)} bytes long, and archives of toolchains have room for ${Buffer.byteLength(path) + room}`
      : undefined;
  if (reason !== undefined) {
    throw new Problem(`OCaml toolchains cannot live in ${path}`, {
      because: reason,
      do: "set RUNNER_TOOL_CACHE (or XDG_CACHE_HOME) to a shorter path without blanks",
    });
  }
  return {
    path,
    buildPath: `${building}${"_".repeat(room)}`,
    builds: join(folder, `${key.slice(-10)}.b`),
    archive: `${path}.tar.zst`,
    image: imageFolderOf(path),
    lock: `${path}.lock`,
  };
}

/** Whether this user may make and remove files in a folder. */
export const isWritable = (folder: string): Promise<boolean> =>
  access(folder, constants.W_OK).then(
    () => true,
    () => false,
  );
