import { readFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { Problem, messageOf } from "../platform/problem.js";
import type { BuiltImage } from "./project.js";

const hash = /^[0-9a-f]{64}$/i;
/** A line of sha256sum; a star before the name means binary mode. */
const line = /^([0-9a-f]{64}) [ *](.+)$/i;

/**
 * Compares images with their expected hashes.
 *
 * @param expected a SHA-256 in hexadecimal, or the path of a file in sha256sum's format, which names images by file
 *   name.
 * @param directory the folder that the path is relative to.
 * @returns a log line for each image that was compared.
 * @throws Problem with both hashes of each image that differs.
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
  const unknown = images.map(({ path }) => basename(path)).filter((file) => !known.has(file));
  if (unknown.length > 0) {
    throw new Problem(`input expected-sha256: ${expected} has no line for ${unknown.join(", ")}`, {
      found: [...known.keys()].join(", ") || "no line in sha256sum’s format",
      accepted: "a line for each image",
    });
  }
  const others = compared.filter(({ sha256, wanted }) => sha256 !== wanted);
  if (others.length === 0) return compared.map(({ path, sha256 }) => `${basename(path)}  ${sha256}`);
  throw new Problem("the image does not have the expected hash", {
    found: others.map(({ path, sha256 }) => `${sha256}  ${path}`),
    accepted: others.map(({ path, wanted }) => `${wanted}  ${basename(path)}`),
    do: "compare the build-info.json of both builds; docs/reproducible.md lists what an image depends on",
  });
}

function sameForAll(images: readonly BuiltImage[], sha256: string): ReadonlyMap<string, string> {
  if (images.length === 1) return new Map(images.map(({ path }) => [basename(path), sha256]));
  throw new Problem(`input expected-sha256: one hash, and ${images.length} images`, {
    accepted: "a file in sha256sum’s format, with a line for each image",
  });
}

async function readHashes(path: string, shown: string): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new Problem(`input expected-sha256: ${shown} cannot be read: ${messageOf(error)}`, {
      accepted: "a SHA-256 in hexadecimal, or the path of a file in sha256sum’s format, relative to `directory`",
    });
  });
  const hashes = new Map<string, string>();
  for (const one of text.split(/\r?\n/).filter((content) => content.trim() !== "" && !content.startsWith("#"))) {
    const [, sha256 = "", path = ""] = line.exec(one) ?? [];
    const name = basename(path);
    if (name === "" || (hashes.get(name) ?? sha256) !== sha256)
      throw new Problem(`input expected-sha256: ${shown} has a line that cannot be used`, {
        found: one.slice(0, 200),
        accepted: "sha256sum’s format: a SHA-256, two spaces and a file name, and each name once",
      });
    hashes.set(name, sha256);
  }
  return hashes;
}
