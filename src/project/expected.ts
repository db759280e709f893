import { readFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { Problem, messageOf } from "../platform/problem.js";
import type { BuiltImage } from "./project.js";

const hash = /^[0-9a-f]{64}$/i;
/** A line of sha256sum: a star in front of the name says that it was read as binary. */
const line = /^([0-9a-f]{64}) [ *](.+)$/i;

/**
 * Compares images with the hashes that are known of them.
 *
 * @param expected a SHA-256 in hexadecimal, or the path of a file as sha256sum writes it: each image by the name of its file.
 * @param directory what the path is relative to.
 * @returns a line for the log for each image that was compared.
 * @throws Problem with both hashes of each image that is another one.
 */
export async function checkExpected(
  images: readonly BuiltImage[],
  expected: string,
  directory: string,
): Promise<readonly string[]> {
  const known = hash.test(expected)
    ? sameForAll(images, expected)
    : await readHashes(resolve(directory, expected), expected);
  const compared = images.flatMap(({ path, sha256 }) => {
    const wanted = known.get(basename(path))?.toLowerCase();
    return wanted === undefined ? [] : [{ path, sha256, wanted }];
  });
  if (compared.length === 0) {
    throw new Problem(`input expected-sha256: ${expected} has no line for any image`, {
      found: [...known.keys()].join(", ") || "no line as sha256sum writes them",
      accepted: images.map(({ path }) => basename(path)).join(", "),
    });
  }
  const others = compared.filter(({ sha256, wanted }) => sha256 !== wanted);
  if (others.length === 0) return compared.map(({ path, sha256 }) => `${basename(path)}  ${sha256}`);
  throw new Problem("the image is not the expected one", {
    found: others.map(({ path, sha256 }) => `${sha256}  ${path}`),
    accepted: others.map(({ path, wanted }) => `${wanted}  ${basename(path)}`),
    do: "compare build-info.json of both builds; docs/reproducible.md says what makes a build another one",
  });
}

function sameForAll(images: readonly BuiltImage[], sha256: string): ReadonlyMap<string, string> {
  if (images.length === 1) return new Map(images.map(({ path }) => [basename(path), sha256]));
  throw new Problem(`input expected-sha256: one hash, and ${images.length} images`, {
    accepted: "a file as sha256sum writes it, with a line for each image",
  });
}

async function readHashes(path: string, shown: string): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new Problem(`input expected-sha256: ${shown} cannot be read: ${messageOf(error)}`, {
      accepted: "a SHA-256 in hexadecimal, or the path of a file as sha256sum writes it, relative to `directory`",
    });
  });
  const found = text.split(/\r?\n/).map((one) => line.exec(one));
  return new Map(found.flatMap((match) => (match === null ? [] : [[basename(match[2] ?? ""), match[1] ?? ""]])));
}
