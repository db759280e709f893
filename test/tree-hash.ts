import { createHash } from "node:crypto";
import { lstatSync, readFileSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/** SHA-256 of all that a folder has: names, modes, contents and targets of links. Two that are the same have no difference that a program could see but times. */
export function treeHash(folder: string, ignored: readonly string[] = []): string {
  const hash = createHash("sha256");
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()) {
    if (ignored.includes(name)) continue;
    const path = join(folder, name);
    const found = lstatSync(path);
    hash.update(`\0${name}\0${found.mode}\0`);
    if (found.isSymbolicLink()) hash.update(readlinkSync(path));
    if (found.isFile()) hash.update(readFileSync(path));
  }
  return hash.digest("hex");
}
