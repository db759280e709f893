import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { promisify } from "node:util";
import { mountPoints } from "../../src/platform/files/mount.js";

/** What one run of something cost. */
export interface Cost {
  readonly ms: number;
  /** Of all cores, with its children. */
  readonly cpuSeconds: number;
  /** The most memory that its own process had; without its children. */
  readonly peakBytes: number;
}

const usage = new URL("usage.mjs", import.meta.url).href;
const clockTicks = 100;

/** A way to restore a toolchain into an empty folder. */
export type Way = (empty: string, run: Run) => Promise<unknown>;
/** Runs a program whose cost is counted. */
export type Run = (argv: readonly [string, ...string[]], environment?: NodeJS.ProcessEnv) => Promise<string>;

/**
 * Measures several ways in turns, so that each has the same share of what else the machine does.
 *
 * @returns of each the median by time.
 */
export async function measure(
  folder: string,
  runs: number,
  ways: Readonly<Record<string, Way>>,
): Promise<Record<string, Cost>> {
  const costs = new Map<string, Cost[]>(Object.keys(ways).map((name) => [name, []]));
  for (let count = 0; count < runs; count++) {
    for (const [name, way] of Object.entries(ways)) costs.get(name)?.push(await once(folder, way));
  }
  return Object.fromEntries([...costs].map(([name, all]) => [name, middle(all)]));
}

async function once(folder: string, way: Way): Promise<Cost> {
  const empty = join(folder, "empty");
  const file = join(folder, "usage");
  mkdirSync(empty);
  let cpuSeconds = 0;
  let peakBytes = 0;
  const run: Run = async ([program, ...args], environment = {}) => {
    const env = { ...process.env, ...environment, BENCH_USAGE: file, NODE_OPTIONS: `--import=${usage}` };
    const { stdout } = await promisify(execFile)(program, args, { env, maxBuffer: 1e8 });
    const used = existsSync(file) ? readFileSync(file, "utf8") : "";
    rmSync(file, { force: true });
    // proc_pid_stat(5): what follows the name, which is in parentheses; fields 14 to 17.
    const times = used
      .slice(used.indexOf(")") + 2)
      .split(" ")
      .slice(11, 15);
    cpuSeconds += times.reduce((sum, ticks) => sum + Number(ticks), 0) / clockTicks;
    peakBytes = Math.max(peakBytes, 1024 * Number(/^VmHWM:\s*(\d+)/m.exec(used)?.[1] ?? 0));
    return stdout;
  };
  const start = performance.now();
  await way(empty, run);
  const ms = performance.now() - start;
  for (const point of mountPoints(empty)) execFileSync("umount", [point]);
  rmSync(empty, { recursive: true });
  return { ms, cpuSeconds, peakBytes };
}

const middle = (all: readonly Cost[]): Cost => {
  const found = all.toSorted((a, b) => a.ms - b.ms)[Math.floor(all.length / 2)];
  if (found === undefined) throw new Error("nothing was measured");
  return found;
};
