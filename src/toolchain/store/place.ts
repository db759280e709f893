import { constants } from "node:fs";
import { access, realpath } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "../../platform/files/make-folder.js";
import { isNotAllowed, Problem } from "../../platform/problem.js";
import { prefixLength } from "../archive/prefix.js";

/** The paths of a toolchain on this machine. */
export interface Place {
  /** Its folder, absolute and without links; complete when it exists. */
  readonly path: string;
  /** Where it is built, {@link prefixLength} bytes long: it can be moved to any path that is not longer. */
  readonly buildPath: string;
  /** Where opam builds its packages, because some of them do not build in a path as long as {@link buildPath}. */
  readonly builds: string;
  /** Its archive, while it is packed or comes from a level that delivers files. */
  readonly archive: string;
  /** The folder of its image, when it is mounted. */
  readonly image: string;
  readonly lock: string;
}

/** The folder of the image of the toolchain in `path`. */
export const imageFolderOf = (path: string): string => `${path}.image`;

/** The record of the toolchain in `path` when a job was given it: see handed-out.ts. */
export const handedOutRecordOf = (path: string): string => `${path}.handed.json`;

/** The folder of all toolchains in a tool cache. */
export const toolchainsFolder = (toolCache: string): string => join(toolCache, "toolchains");

/**
 * The place of the toolchain with this key.
 *
 * @param toolCache absolute; created where possible. Links are resolved, because programs write down their real path.
 * @throws Problem when toolchains cannot live there.
 */
export async function toolchainPlace(toolCache: string, key: string): Promise<Place> {
  const folder = toolchainsFolder(toolCache);
  try {
    await makeFolder(folder);
  } catch (error) {
    if (isNotAllowed(error)) return placeIn(folder, key);
    throw error;
  }
  return placeIn(await realpath(folder), key);
}

/** {@link toolchainPlace}, in a folder of toolchains whose path is resolved. */
export function placeIn(folder: string, key: string): Place {
  const path = join(folder, key);
  const building = `${path}.build.`;
  const bytes = Buffer.byteLength(path);
  const room = prefixLength - Buffer.byteLength(building);
  const reason = /\s/.test(path)
    ? "it contains whitespace"
    : room < 0
      ? `the path is ${bytes} bytes long, and toolchain archives have room for ${bytes + room}`
      : undefined;
  if (reason !== undefined) {
    throw new Problem(`OCaml toolchains cannot live in ${path}`, {
      because: reason,
      do: "set RUNNER_TOOL_CACHE (or XDG_CACHE_HOME) to a shorter path without whitespace",
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

/** Whether this user may create and remove files in a folder. */
export const isWritable = (folder: string): Promise<boolean> =>
  access(folder, constants.W_OK).then(
    () => true,
    () => false,
  );
