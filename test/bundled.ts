import { createHash } from "node:crypto";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { buildSync } from "esbuild";

const root = resolve(import.meta.dirname, "..");
const folder = join(root, ".cache/test-programs");
const built = new Map<string, string>();

/**
 * Bundles a module, so that a new process loads one file instead of compiling the sources each time.
 *
 * @param source its text, in TypeScript; `./src/...` means our sources.
 * @returns the path of an ES module that does and exports the same.
 */
export function bundled(source: string): string {
  const known = built.get(source);
  if (known !== undefined) return known;
  const name = createHash("sha256").update(source).digest("hex").slice(0, 16);
  const path = join(folder, `${name}.mjs`);
  const { outputFiles } = buildSync({
    stdin: { contents: source, resolveDir: root, loader: "ts" },
    bundle: true,
    splitting: true, // Otherwise what is loaded when it is needed would be loaded at once.
    packages: "external",
    platform: "node",
    format: "esm",
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    entryNames: name,
    write: false,
  });
  mkdirSync(folder, { recursive: true });
  // Tests of other processes load the same files meanwhile. Parts are named after their contents.
  for (const file of outputFiles.sort((one, other) => Number(one.path === path) - Number(other.path === path))) {
    writeFileSync(`${file.path}.${process.pid}`, file.contents);
    renameSync(`${file.path}.${process.pid}`, file.path);
  }
  built.set(source, path);
  return path;
}

/** @returns the path of our command line as one module. */
export const bundledCommandLine = (): string => bundled('import "./src/actions/entries/cli.ts";');
