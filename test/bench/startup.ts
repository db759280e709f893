// npm run bench:startup -- [FOLDER] [--json]   (default: dist)
//
// What each bundle costs before it does anything: its size, and the time and the processor's time from the start of its
// process to its end with nothing to do, over an empty program. Medians on this machine, a run of each in turns.
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";

const runs = 11;
/** What a start should cost at most over an empty program, in milliseconds, by the clock and by processor time. */
const aimOf = (name: string) => (["cli", "run"].includes(name) ? 100 : 60);
const { values, positionals } = parseArgs({ options: { json: { type: "boolean" } }, allowPositionals: true });
const bundles = resolve(positionals[0] ?? "dist");
const names = (existsSync(bundles) ? readdirSync(bundles) : []).filter((one) =>
  existsSync(join(bundles, one, "index.js")),
);
if (names.length === 0) {
  console.error(`no bundles in ${bundles}: run \`npm run build\` first`);
  process.exit(1);
}
const folder = mkdtempSync(join(tmpdir(), "unikernel-ci-bench-"));
const workspace = join(folder, "workspace");
mkdirSync(workspace);
const empty = join(folder, "empty.mjs");
writeFileSync(empty, "");
/** Loaded before each program, the empty one too: at its end it writes the processor time that it took. */
const meter = join(folder, "meter.mjs");
const used = join(folder, "used.json");
writeFileSync(
  meter,
  `import { writeFileSync } from "node:fs";
process.on("exit", () => writeFileSync(${JSON.stringify(used)}, JSON.stringify(process.cpuUsage())));`,
);

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

interface Cost {
  readonly ms: number;
  readonly cpuMs: number;
}

function cost(file: string, args: readonly string[] = [], inputs: Readonly<Record<string, string>> = {}): Cost {
  const start = performance.now();
  const { status, stdout } = spawnSync(process.execPath, [`--import=${meter}`, file, ...args], {
    cwd: workspace,
    env: { ...environment, ...inputs },
    encoding: "utf8",
  });
  const ms = performance.now() - start;
  if (status === null || status > 1 || stdout.includes("a bug in unikernel-ci"))
    throw new Error(`${file} failed: ${stdout}`);
  const { user, system } = JSON.parse(readFileSync(used, "utf8")) as NodeJS.CpuUsage;
  return { ms, cpuMs: (user + system) / 1000 };
}

function median(costs: readonly Cost[]): Cost {
  const middle = (of: keyof Cost) => costs.map((one) => one[of]).toSorted((a, b) => a - b)[costs.length >> 1] ?? NaN;
  return { ms: middle("ms"), cpuMs: middle("cpuMs") };
}

function measure(name: string) {
  const entry = join(bundles, name, "index.js");
  const { args, inputs } = nothing[name] ?? {};
  const pairs = Array.from({ length: runs }, () => [cost(empty), cost(entry, args, inputs)] as const);
  const base = median(pairs.map(([without]) => without));
  const whole = median(pairs.map(([, withIt]) => withIt));
  const sizes = readdirSync(join(bundles, name))
    .filter((file) => file.endsWith(".js"))
    .map((file) => statSync(join(bundles, name, file)).size);
  return {
    name,
    entryBytes: statSync(entry).size,
    allBytes: sizes.reduce((sum, bytes) => sum + bytes, 0),
    ms: whole.ms,
    overMs: whole.ms - base.ms,
    overCpuMs: whole.cpuMs - base.cpuMs,
    aimMs: aimOf(name),
  };
}

const cell = (value: number, unit: string) => `${value.toFixed(0).padStart(6)} ${unit}`;
const mark = (value: number, aim: number) => `${cell(value, "ms")}${value > aim ? " !" : "  "}`;

try {
  if (!values.json) {
    console.log(`node ${process.version}, medians of ${runs}; ms are over an empty node, ! misses the aim`);
    console.log("bundle       entry   with chunks     by clock   processor      aim");
  }
  const rows = names.map((name) => {
    const row = measure(name);
    const sizes = `${cell(row.entryBytes / 1000, "kB")}     ${cell(row.allBytes / 1000, "kB")}`;
    const times = `${mark(row.overMs, row.aimMs)} ${mark(row.overCpuMs, row.aimMs)}${cell(row.aimMs, "ms")}`;
    if (!values.json) console.log(`${name.padEnd(8)} ${sizes}  ${times}`);
    return row;
  });
  if (values.json) console.log(JSON.stringify({ node: process.version, runs, bundles: rows }, undefined, 2));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
