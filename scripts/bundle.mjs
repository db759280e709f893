// Makes the committed bundles, one for each entry: dist/NAME/index.js from lib/src/actions/entries/NAME.js; and, from loader/, the
// loader for Firecracker's images beside those that boot (src/platform/files/own-repository.ts). `run` loads the bundle of `cli`.
// Usage: node scripts/bundle.mjs [FOLDER]   (default: dist)
import { execFileSync } from "node:child_process";
import { chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import ncc from "@vercel/ncc";
import { licensesText } from "./licenses.mjs";

const entries = ["setup", "build", "boot", "publish", "matrix", "collect", "release", "cli"];
const booting = ["boot", "cli"];
const esModule = '{ "type": "module" }\n';
const folder = resolve(process.argv[2] ?? "dist");

await rm(folder, { recursive: true, force: true });
for (const entry of entries) {
  const { code, assets, stats } = await ncc(resolve("lib/src/actions/entries", `${entry}.js`), {
    cache: false,
    esm: true,
    minify: true,
    quiet: true,
    target: "es2022",
    // `debug` takes it where it is there: bundles do not change with what our development tools bring.
    externals: { "supports-color": "supports-color" },
  });
  const files = {
    "index.js": { source: code },
    ...assets,
    "licenses.txt": { source: licensesText(stats.compilation.modules) },
    "package.json": { source: esModule },
  };
  for (const [name, { source }] of Object.entries(files)) {
    const path = join(folder, entry, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, source);
  }
  if (booting.includes(entry)) execFileSync("make", ["--silent", "-C", "loader", `OUT=${join(folder, entry)}`]);
  if (entry === "cli") await chmod(join(folder, entry, "index.js"), 0o755);
  console.log(`${entry.padEnd(8)} ${(Buffer.byteLength(code) / 1000).toFixed(0).padStart(5)} kB`);
}

const run = await readFile("lib/src/actions/entries/run.js", "utf8");
await mkdir(join(folder, "run"), { recursive: true });
await writeFile(join(folder, "run/index.js"), run.replace('"./cli.js"', '"../cli/index.js"'));
await writeFile(join(folder, "run/package.json"), esModule);
