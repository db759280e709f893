import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  copyFileSync,
  fchmodSync,
  fstatSync,
  futimesSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFile,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { promisify } from "node:util";
import { hasCode, Problem } from "../problem.js";

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = constants;

/** A path whose folders are held open: replacing one of them by a link no longer changes where the path leads. */
export interface HeldPlace {
  /** Valid in this process, until `close`. Its last part can be a link: do not follow it. */
  readonly path: string;
  close(): void;
}

/**
 * Opens the folders of a path below a folder that others fill (an archive, a build, a project, an earlier job), without
 * following a link. Node has no openat(2), but the kernel resolves /proc/self/fd/N by the open folder, not by its name.
 *
 * @param path relative to the folder, with at least one part.
 * @param makes whether to make the folders of the path that are missing.
 * @throws Problem for a link, and for a path that leads out; system errors, as for a folder that is missing.
 */
export function holdPlace(folder: string, path: string, makes = false): HeldPlace {
  const parts = path.split("/");
  const name = parts.pop() ?? "";
  // promise: places-do-not-climb
  if ([...parts, name].some((part) => part === "" || part === "." || part === ".." || part.includes("\0")))
    throw new Problem(`${JSON.stringify(path)} is not a path in ${folder}`);
  let held = openFolder(folder, folder);
  for (const part of parts) {
    const parent = held;
    const next = `/proc/self/fd/${parent}/${part}`;
    try {
      if (makes && lstatSync(next, { throwIfNoEntry: false }) === undefined) mkdirSync(next);
      held = openFolder(next, `${folder}/${path}`);
    } finally {
      closeSync(parent);
    }
  }
  return { path: `/proc/self/fd/${held}/${name}`, close: () => closeSync(held) };
}

function openFolder(path: string, shown: string): number {
  try {
    return openSync(path, O_RDONLY | O_DIRECTORY | /* promise: folders-are-no-links */ O_NOFOLLOW);
  } catch (error) {
    if (!hasCode(error, "ENOTDIR", "ELOOP")) throw named(error, path, shown);
    throw new Problem(`${shown} is not in a folder: a part of its path is a link or a file`, {
      do: "remove that link",
    });
  }
}

function inPlace<T>(folder: string, path: string, use: (place: string) => T, makes = false): T {
  const place = holdPlace(folder, path, makes);
  try {
    return use(place.path);
  } catch (error) {
    throw named(error, place.path, `${folder}/${path}`);
  } finally {
    place.close();
  }
}

/** An error of the system with the path that a person knows, not that of a descriptor. */
function named(error: unknown, held: string, shown: string): unknown {
  if (error instanceof Error && "path" in error) {
    error.message = error.message.replaceAll(held, () => shown);
    error.path = shown;
  }
  return error;
}

/**
 * Opens a file for reading.
 *
 * @returns its descriptor.
 * @throws Problem for a link, a pipe or anything else that is not a regular file; system errors.
 */
export function openInside(folder: string, path: string): number {
  return inPlace(folder, path, (place) => {
    const shown = `${folder}/${path}`;
    const irregular = (cause?: unknown) => new Problem(`${shown} is not a regular file`, {}, { cause });
    // Without O_NONBLOCK, opening a pipe would wait for a writer.
    const flags =
      O_RDONLY | /* promise: files-are-not-waited-for */ O_NONBLOCK | /* promise: files-are-no-links */ O_NOFOLLOW;
    let file: number;
    try {
      file = openSync(place, flags);
    } catch (error) {
      if (hasCode(error, "ELOOP")) throw new Problem(`${shown} is a link`, {}, { cause: error });
      throw hasCode(error, "ENXIO") ? irregular(error) : error;
    }
    // promise: files-are-regular
    if (!fstatSync(file).isFile()) {
      closeSync(file);
      throw irregular();
    }
    return file;
  });
}

function withFile<T>(folder: string, path: string, use: (file: number) => T): T {
  const file = openInside(folder, path);
  try {
    return use(file);
  } finally {
    closeSync(file);
  }
}

/** Larger than any record of ours. */
const largestRecord = 256 * 1024 ** 2;

/** @throws as {@link openInside}, and a Problem for a file that is too large to be a record of ours. */
export async function readInside(folder: string, path: string): Promise<string> {
  const file = openInside(folder, path);
  try {
    if (fstatSync(file).size > largestRecord)
      throw new Problem(`${folder}/${path} has more than ${largestRecord} bytes`);
    return await readText(file, "utf8");
  } finally {
    closeSync(file);
  }
}

const readText = promisify(readFile);

/** When a file was changed last, in milliseconds since 1970. Throws as {@link openInside}. */
export function changedInside(folder: string, path: string): number {
  return withFile(folder, path, (file) => fstatSync(file).mtimeMs);
}

/** Sets a file's times to now. Throws as {@link openInside}. */
export function touchInside(folder: string, path: string): void {
  const now = new Date();
  withFile(folder, path, (file) => futimesSync(file, now, now));
}

/**
 * Writes a file by a rename: a reader finds the old or the new content, and a link of that name is replaced, not
 * followed. Makes the folders of the path. Synchronous, for use while this process ends.
 *
 * @param mode its permissions; default: those that the umask leaves.
 */
export function writeInside(folder: string, path: string, content: string | Buffer, mode?: number): void {
  byRename(folder, path, (draft) => {
    const file = openSync(draft, "wx");
    try {
      writeFileSync(file, content);
      if (mode !== undefined) fchmodSync(file, mode);
    } finally {
      closeSync(file);
    }
  });
}

/** Copies a file from elsewhere, by a rename as {@link writeInside}. */
export function copyInside(from: string, folder: string, path: string): void {
  byRename(folder, path, (draft) => copyFileSync(from, draft, constants.COPYFILE_EXCL));
}

function byRename(folder: string, path: string, write: (draft: string) => void): void {
  const replace = (place: string) => {
    const draft = `${place}.${randomBytes(6).toString("hex")}.tmp`;
    try {
      write(draft);
      // promise: files-are-replaced
      renameSync(draft, place);
    } finally {
      rmSync(draft, { force: true });
    }
  };
  inPlace(folder, path, replace, true);
}

/** Removes a file, link or folder; a missing one is no error. */
export function removeInside(folder: string, path: string): void {
  inPlace(folder, path, (place) => rmSync(place, { recursive: true, force: true }));
}

/** Whether the path itself is a folder, not a link to one. */
export function isRealFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
