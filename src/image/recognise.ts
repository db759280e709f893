import { open } from "node:fs/promises";
import { basename } from "node:path";
import { size } from "../platform/log.js";
import { type Facts, Problem, messageOf } from "../platform/problem.js";
import { Bytes, MalformedFile } from "./bytes.js";
import { recogniseElf } from "./elf-image.js";
import { isElf } from "./elf.js";
import type { Image } from "./image.js";
import { isLinuxImage } from "./linux-image.js";
import { describeOther } from "./other-file.js";
import { readUnikraftLinuxImage } from "./unikraft.js";

/** An image is read whole; unstripped ones of large unikernels have some 100 MB. */
const largestImage = 1024 ** 3;

/**
 * What a file is, told by its bytes alone. Time and memory grow with the size of the file and nothing else.
 *
 * @param bytes the whole file.
 * @throws Problem that says what the file really is, when no target's image looks like that. Its sentence begins with
 *   "the file".
 */
export function recogniseImage(bytes: Uint8Array): Image {
  const file = new Bytes(bytes);
  try {
    if (isElf(file)) return recogniseElf(file);
  } catch (error) {
    if (!(error instanceof MalformedFile)) throw error;
    const found = `${error.what} (at byte ${error.offset} of ${file.length})`;
    throw new Problem("the file is cut off or damaged", { found, do: rebuild }, { cause: error });
  }
  if (isLinuxImage(file)) {
    const system = readUnikraftLinuxImage(file) ?? ({ kind: "unmarked" } as const);
    return { format: "linux-image", architecture: "aarch64", system };
  }
  throw new Problem("the file is not a unikernel", { found: describeOther(file) });
}

const rebuild = "build or download it again";

/**
 * Reads a file and recognises it.
 *
 * @throws Problem that names the file: it cannot be read, or it is not an image.
 */
export async function readImage(path: string): Promise<Image> {
  const bytes = await readWhole(path);
  try {
    return recogniseImage(bytes);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    throw new Problem(error.message.replace(/^the file/, basename(path)), error.facts, { cause: error });
  }
}

/** Opened once: what is checked is what is read. */
async function readWhole(path: string): Promise<Uint8Array> {
  const name = basename(path);
  const file = await open(path, "r").catch((error: unknown) => {
    throw cannotRead(name, { because: messageOf(error) }, error);
  });
  try {
    const facts = await file.stat();
    if (!facts.isFile()) throw cannotRead(name, { found: facts.isDirectory() ? "a folder" : "not a regular file" });
    if (facts.size > largestImage) {
      throw cannotRead(name, { found: size(facts.size), accepted: `images up to ${size(largestImage)}` });
    }
    return await file.readFile();
  } finally {
    await file.close();
  }
}

function cannotRead(name: string, facts: Facts, cause?: unknown): Problem {
  return new Problem(`${name} cannot be read as an image`, facts, { cause });
}
