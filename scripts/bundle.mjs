// Makes the committed bundles, one for each entry: dist/NAME/index.js from lib/src/actions/entries/NAME.js; and, from
// loader/, the loader for Firecracker's images beside those that boot (src/platform/files/own-repository.ts). `run`
// loads the bundle of `cli`. Usage: node scripts/bundle.mjs [FOLDER]   (default: dist)
import { execFileSync } from "node:child_process";
import { chmod, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import ncc from "@vercel/ncc";
import { minify } from "terser";
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
    // ncc’s own minifier does not remove unused code, which is a fifth of a bundle.
    minify: false,
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
    await writeFile(path, name.endsWith(".js") ? await smaller(String(source)) : source);
  }
  if (booting.includes(entry)) execFileSync("make", ["--silent", "-C", "loader", `OUT=${join(folder, entry)}`]);
  if (entry === "cli") await chmod(join(folder, entry, "index.js"), 0o755);
  const { size } = await stat(join(folder, entry, "index.js"));
  console.log(`${entry.padEnd(8)} ${(size / 1000).toFixed(0).padStart(5)} kB`);
}

const run = await readFile("lib/src/actions/entries/run.js", "utf8");
await mkdir(join(folder, "run"), { recursive: true });
await writeFile(join(folder, "run/index.js"), run.replace('"./cli.js"', '"../cli/index.js"'));
await writeFile(join(folder, "run/package.json"), esModule);

/** Keeps the names of classes: errors print them. */
async function smaller(source) {
  const { code } = await minify(source, { module: true, ecma: 2020, keep_classnames: true, compress: { passes: 2 } });
  return code;
}
