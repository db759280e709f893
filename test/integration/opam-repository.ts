import { cpSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const fixture = fileURLToPath(new URL("fixtures/opam-repository", import.meta.url));
const examples = fileURLToPath(new URL("../../examples", import.meta.url));

/**
 * Writes the opam repository for tests to a folder: see fixtures/opam-repository/README.md.
 *
 * @returns its URL, for the input `opam-repositories`.
 */
export function writeOpamRepository(folder: string): string {
  const absolute = resolve(folder);
  cpSync(fixture, absolute, { recursive: true });
  const packages = join(absolute, "packages");
  for (const name of readdirSync(packages, { recursive: true, encoding: "utf8" })) {
    const path = join(packages, name);
    if (!statSync(path).isFile()) continue;
    const text = readFileSync(path, "utf8");
    const sources = join(absolute, "sources");
    writeFileSync(
      path,
      text.replaceAll("@SOURCES@", () => sources).replaceAll("@EXAMPLES@", () => examples),
    );
  }
  return `file://${absolute}`;
}

const [script, folder] = process.argv.slice(1);
if (script === fileURLToPath(import.meta.url) && folder !== undefined) console.log(writeOpamRepository(folder));
