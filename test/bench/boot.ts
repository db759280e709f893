// npm run bench:boot [-- IMAGE TARGET]
//
// What our boot costs above the monitor's own time, and how soon an expected line becomes a verdict: medians of 20 runs
// on this machine, in one run. Without an image: examples/bare (virtio, by emulation); a Solo5 spt image shows most.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { readInputs, type InputName } from "../../src/actions/interface.js";
import { bootImage } from "../../src/boot/boot.js";
import type { BootReport } from "../../src/boot/report.js";
import { readImage } from "../../src/image/recognise.js";
import { type Context, inspectHost } from "../../src/platform/host.js";
import type { Log } from "../../src/platform/log.js";
import { processes } from "../../src/platform/process/process.js";
import { type TargetName, targets } from "../../src/targets/targets.js";

const runs = 20;
const repository = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "unikernel-ci-bench-"));
const nothing = () => undefined;
const log: Log = {
  group: (_, body) => body(),
  fact: nothing,
  line: nothing,
  untrusted: nothing,
  notice: nothing,
  warning: nothing,
  error: nothing,
  annotate: nothing,
  debug: nothing,
};
const environment = {
  ...process.env,
  XDG_STATE_HOME: join(folder, "state"),
  RUNNER_TEMP: undefined,
  GITHUB_ACTIONS: undefined,
};
const context: Context = { log, processes, host: inspectHost("linux", process.arch, environment) };

async function boot(
  imagePath: string,
  target: TargetName,
  given: Partial<Record<InputName, string>>,
): Promise<BootReport> {
  const inputs = readInputs((name) => ({ "install-system-packages": "false", ...given })[name]);
  const image = await readImage(imagePath);
  const searchPath = process.env["PATH"] ?? "";
  return bootImage(context, {
    ...inputs,
    net: inputs.net.value,
    block: inputs.block.value,
    imagePath,
    image,
    target: targets[target],
    architecture: image.architecture,
    searchPath,
  });
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await action();
  return performance.now() - start;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle)] ?? NaN)) / 2;
}

/** The monitor as the boot starts it, without the channel by which it is watched. */
function alone([program = "", ...args]: readonly string[]): string[] {
  const channel = args.indexOf("-mon") - 2;
  const unwatched = channel < 0 ? args : [...args.slice(0, channel), ...args.slice(channel + 4)];
  return [program, ...unwatched.filter((word) => word !== "-S")];
}

async function ends(argv: readonly string[]): Promise<void> {
  const [program = "", ...args] = argv;
  await once(spawn(program, args, { stdio: ["ignore", "ignore", "ignore"] }), "close");
}

async function overhead(imagePath: string, target: TargetName): Promise<void> {
  const given = { until: "exit", ...(targets[target].vmms.includes("qemu") ? { accelerator: "tcg" } : {}) };
  const report = await boot(imagePath, target, given);
  const attempt = report.attempts.at(-1);
  if (attempt === undefined || report.verdict.verdict !== "passed") throw new Error(JSON.stringify(report.verdict));
  const cli = join(repository, "dist/cli/index.js");
  const options = ["--target", target, ...Object.entries(given).flatMap(([name, value]) => [`--${name}`, value])];
  const times = { monitor: [] as number[], boot: [] as number[], command: [] as number[] };
  for (let run = 0; run < runs; run++) {
    times.monitor.push(await timed(() => ends(alone(attempt.argv))));
    times.boot.push(await timed(() => boot(imagePath, target, given)));
    times.command.push(
      await timed(() =>
        Promise.resolve(
          spawnSync(process.execPath, [cli, "boot", imagePath, ...options], { env: environment, stdio: "ignore" }),
        ),
      ),
    );
  }
  const base = median(times.monitor);
  const row = (name: string, ms: number) =>
    console.log(
      `${name.padEnd(34)} ${ms.toFixed(1).padStart(7)} ms`,
      ` x ${(ms / base).toFixed(2).padStart(5)}  + ${(ms - base).toFixed(1)} ms`,
    );
  console.log(`boot of ${imagePath} (${target}, ${attempt.accelerator}), medians of ${runs}`);
  row("the monitor alone", base);
  row("our boot, to its verdict", median(times.boot));
  row("the whole command, Node.js included", median(times.command));
}

/** A guest that is a process and writes the time into the line that is waited for. */
async function delay(): Promise<void> {
  const script = join(folder, "unikernel");
  writeFileSync(script, '#!/bin/sh\nsleep 0.1\necho "ready $(date +%s%N)"\nexec sleep 60\n');
  chmodSync(script, 0o755);
  const image = { format: "elf64", architecture: context.host.architecture, system: { kind: "process" } } as const;
  const given = { expect: "^ready", settle: "0" };
  const inputs = readInputs((name) => given[name as keyof typeof given]);
  const delays: number[] = [];
  for (let run = 0; run < runs; run++) {
    const { verdict } = await bootImage(context, {
      ...inputs,
      net: inputs.net.value,
      block: inputs.block.value,
      imagePath: script,
      image,
      target: targets.unix,
      architecture: image.architecture,
      searchPath: process.env["PATH"] ?? "",
    });
    delays.push(performance.timeOrigin + performance.now() - Number(verdict.evidence?.line.split(" ")[1]) / 1e6);
  }
  console.log(`from the expected line to the verdict, its monitor gone: ${median(delays).toFixed(1)} ms`);
}

try {
  const { positionals } = parseArgs({ allowPositionals: true });
  const [image, target = "spt"] = positionals;
  if (image === undefined) {
    execFileSync("make", ["--silent", "-C", join(repository, "examples/bare"), "ARCH=x86_64", `OUT=${folder}`]);
    await overhead(join(folder, "bare.virtio"), "virtio");
  } else await overhead(resolve(image), target as TargetName);
  await delay();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
