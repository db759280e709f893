import { createHash } from "node:crypto";
import { lstatSync, readFileSync, readdirSync, readlinkSync } from "node:fs";
import { basename, join } from "node:path";

/** SHA-256 of all that a folder has, but for times. @param isIgnored is given a file’s own name. */
export function treeHash(folder: string, isIgnored: (name: string) => boolean = () => false): string {
  const hash = createHash("sha256");
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()) {
    if (isIgnored(basename(name))) continue;
    const path = join(folder, name);
    const found = lstatSync(path);
    hash.update(`\0${name}\0${found.mode}\0`);
    if (found.isSymbolicLink()) hash.update(readlinkSync(path));
    if (found.isFile()) hash.update(readFileSync(path));
  }
  return hash.digest("hex");
}
