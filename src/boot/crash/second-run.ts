import { mkdir, open, readdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readAgain } from "../../platform/files/removed.js";
import type { Context } from "../../platform/host.js";
import { ensureSystemPackages } from "../../platform/packages/apt.js";
import { Problem, messageOf } from "../../platform/problem.js";
import { environmentForOthers } from "../../platform/process/guarded-environment.js";
import { findProgram } from "../../platform/process/programs.js";
import { bootAgain, sameWay } from "../boot-again.js";
import type { BootRequest } from "../boot-request.js";
import { planBoot } from "../plan.js";
import type { Attempt } from "../report.js";
import type { BootSite, MachineFacts } from "../vmms/vmm.js";
import { vmms, vmmsOf } from "../vmms/vmms.js";
import { debuggerCommand, dumpCommand, framesOfDebugger, stopsFor } from "./debugger.js";
import { type CrashReason, type Frame, ocamlFrames } from "./frames.js";
import { withBacktraces } from "./with-backtraces.js";

/** A second run that waits for the network, or for a debugger without symbols, ends here. */
const withinMs = 30_000;

interface Failure {
  readonly reason: CrashReason;
  readonly attempts: readonly Attempt[];
  /** The end of its console. */
  readonly lines: readonly string[];
}

/** @returns the frames of the crash in a second run; none when that cannot run here, or did not crash again. */
export async function framesOfSecondRun(
  context: Context,
  request: BootRequest,
  site: BootSite,
  machine: MachineFacts,
  failure: Failure,
): Promise<readonly Frame[]> {
  const { reason, attempts, lines } = failure;
  try {
    return reason === "exception"
      ? await runWithBacktraces(context, request, site, machine, attempts)
      : await runUnderDebugger(context, request, site, machine, attempts, stopsFor(reason, lines));
  } catch (error) {
    context.log.debug(`there was no second run: ${messageOf(error)}`);
    return [];
  }
}

async function runWithBacktraces(
  context: Context,
  request: BootRequest,
  site: BootSite,
  machine: MachineFacts,
  attempts: readonly Attempt[],
): Promise<readonly Frame[]> {
  const { secondConsole, secondImage } = site.places;
  const isProcess = request.image.system.kind === "process";
  if (!isProcess) {
    const image = await readAgain(request.imagePath);
    const symbols = request.debugFile === undefined ? image : await readAgain(request.debugFile);
    const copy = withBacktraces(image, symbols, request.architecture);
    if (copy === undefined) return [];
    await writeFile(secondImage, copy);
  }
  const again = isProcess ? site : { ...site, imagePath: secondImage };
  const attempt = sameWay(planBoot(request, again, machine).attempts, attempts.at(-1));
  if (attempt === undefined) return [];
  const environment = isProcess ? { OCAMLRUNPARAM: "b" } : {};
  const frames = ocamlFrames(
    await bootAgain(context, request, attempt, again, { path: secondConsole, withinMs, environment }),
  );
  if (frames.length === 0) context.log.fact("crash", "no backtrace in a second run");
  return frames;
}

async function runUnderDebugger(
  context: Context,
  request: BootRequest,
  site: BootSite,
  machine: MachineFacts,
  attempts: readonly Attempt[],
  stops: readonly string[],
): Promise<readonly Frame[]> {
  const { architecture, target, searchPath } = request;
  const vmm = vmmsOf(target).find(
    (one) => one.debugged !== undefined && one.accelerators(architecture, machine.architecture).length > 0,
  );
  if (vmm?.debugged === undefined) return runWithDump(context, request, site, machine, attempts);
  const debugged = vmm.debugged(request, site, machine);
  // Only a process stops by itself.
  if (debugged.kind === "remote" && stops.length === 0) return [];
  const program = await debuggerFor(context, request, machine);
  if (program === undefined) return [];
  const symbols = request.debugFile ?? request.imagePath;
  const command = debuggerCommand(program, symbols, debugged, stops);
  const env = { ...environmentForOthers(context.host.environment), PATH: searchPath };
  const { stdout } = await context.processes.run(command, { env, signal: AbortSignal.timeout(withinMs) });
  const frames = framesOfDebugger(stdout);
  if (frames.length === 0) context.log.fact("crash", "gdb did not see it fail again");
  return frames;
}

/** The same boot, whose VMM writes the guest's memory to a file, for gdb. */
async function runWithDump(
  context: Context,
  request: BootRequest,
  site: BootSite,
  machine: MachineFacts,
  attempts: readonly Attempt[],
): Promise<readonly Frame[]> {
  const attempt = sameWay(planBoot(request, site, machine).attempts, attempts.at(-1));
  if (attempt === undefined) return [];
  const command = vmms[attempt.vmm].dumped?.(request, site);
  if (command === undefined) return [];
  const program = await debuggerFor(context, request, machine);
  if (program === undefined) return [];
  const { secondConsole, dumps } = site.places;
  const file = join(dumps, "core");
  await mkdir(dumps);
  if (command.inside !== undefined) {
    await writeFile(file, "");
    await truncate(file, (request.memory + 1) * MiB);
  }
  await bootAgain(context, request, { ...attempt, ...command }, site, { path: secondConsole, withinMs });
  const [dump] = await readdir(dumps);
  if (dump === undefined) return [];
  const symbols = request.debugFile ?? request.imagePath;
  const env = environmentForOthers(context.host.environment);
  const { stdout } = await context.processes.run(dumpCommand(program, symbols, join(dumps, dump)), { env });
  const frames = framesOfDebugger(stdout);
  if (frames.length === 0) context.log.fact("crash", "it left no memory of a crash in a second run");
  return frames;
}

const MiB = 1024 * 1024;

/** @returns the path of a gdb for the image's architecture. */
function debuggerFor(
  context: Context,
  { architecture, installSystemPackages }: BootRequest,
  machine: MachineFacts,
): Promise<string | undefined> {
  const name = architecture === machine.architecture ? "gdb" : "gdb-multiarch";
  return findOrInstall(context, name, installSystemPackages);
}

async function findOrInstall(context: Context, name: string, install: boolean): Promise<string | undefined> {
  const find = () => findProgram(name, context.host.environment["PATH"]);
  const found = find();
  if (found !== undefined || !install) return found;
  try {
    await ensureSystemPackages(context, [name], { install });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    context.log.debug(`${name} is unavailable: ${error.message}`);
  }
  return find();
}

const keptBytes = 64 * 1024;

/** The end of a console, which can have 64 MiB. */
export async function lastLinesOf(path: string): Promise<readonly string[]> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return [];
  try {
    const { size } = await file.stat();
    const start = Math.max(0, size - keptBytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(keptBytes), 0, keptBytes, start);
    return buffer.toString("utf8", 0, bytesRead).split(/\r?\n/);
  } finally {
    await file.close();
  }
}
