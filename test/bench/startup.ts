// npm run bench:startup -- [FOLDER]   (default: dist)
//
// What each bundle costs before it does anything: its size, and the time from the start of its process to its end with
// nothing to do, compared with an empty program. Medians on this machine, a run of each in turns.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { performance } from "node:perf_hooks";

const runs = 11;
const bundles = resolve(process.argv[2] ?? "dist");
const folder = mkdtempSync(join(tmpdir(), "unikernel-ci-bench-"));
const workspace = join(folder, "workspace");
mkdirSync(workspace);
const empty = join(folder, "empty.mjs");
writeFileSync(empty, "");

/** With nothing to do a step ends well, or tells which input it lacks. */
const nothing: Readonly<
  Record<string, { readonly args?: readonly string[]; readonly inputs?: Readonly<Record<string, string>> }>
> = {
  setup: { inputs: { "INPUT_OCAML-VERSION": "none" } },
  run: { inputs: { "INPUT_OCAML-VERSION": "none" } },
  cli: { args: ["--version"] },
};
const environment = {
  PATH: process.env["PATH"],
  HOME: folder,
  GITHUB_ACTIONS: "true",
  GITHUB_WORKSPACE: workspace,
  RUNNER_TEMP: folder,
  RUNNER_TOOL_CACHE: folder,
};

/** Milliseconds. */
function time(file: string, args: readonly string[] = [], inputs: Readonly<Record<string, string>> = {}): number {
  const start = performance.now();
  const { status, stdout } = spawnSync(process.execPath, [file, ...args], {
    cwd: workspace,
    env: { ...environment, ...inputs },
    encoding: "utf8",
  });
  const took = performance.now() - start;
  if (status === null || status > 1 || stdout.includes("a bug in unikernel-ci"))
    throw new Error(`${file} failed: ${stdout}`);
  return took;
}
const median = (times: readonly number[]) => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? NaN;
const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(0).padStart(5)} kB`;

try {
  console.log(`node ${execFileSync(process.execPath, ["--version"], { encoding: "utf8" }).trim()}, medians of ${runs}`);
  console.log("bundle      entry    with what it loads when needed    start to end    over an empty node");
  for (const name of readdirSync(bundles).filter((one) => existsSync(join(bundles, one, "index.js")))) {
    const entry = join(bundles, name, "index.js");
    const scripts = readdirSync(join(bundles, name)).filter((file) => file.endsWith(".js"));
    const all = scripts.reduce((sum, file) => sum + statSync(join(bundles, name, file)).size, 0);
    const { args, inputs } = nothing[name] ?? {};
    const pairs = Array.from({ length: runs }, () => [time(empty), time(entry, args, inputs)] as const);
    const base = median(pairs.map(([without]) => without));
    const ours = median(pairs.map(([, withIt]) => withIt));
    const size = `${kilobytes(statSync(entry).size)}    ${kilobytes(all).padStart(30)}`;
    const more = (ours - base).toFixed(0).padStart(9);
    console.log(
      `${name.padEnd(8)} ${size}    ${ours.toFixed(0).padStart(9)} ms    ${more} ms  x ${(ours / base).toFixed(2)}`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
