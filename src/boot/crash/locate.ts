import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, isAbsolute, join, relative } from "node:path";
import { environmentForOthers } from "../../platform/process/guarded-environment.js";
import { findProgram } from "../../platform/process/programs.js";
import type { Context } from "../../platform/host.js";
import type { Architecture } from "../../targets/architecture.js";
import type { BootRequest } from "../boot-request.js";
import type { BootReport } from "../report.js";
import type { BootSite, MachineFacts } from "../vmms/vmm.js";
import { framesOfSecondRun, lastLinesOf } from "./second-run.js";
import {
  type Crash,
  type Frame,
  crashAddresses,
  crashReasons,
  framesOf,
  isBelow,
  isStdlib,
  ocamlFrames,
} from "./frames.js";

/** Frames that reports show; a recursion without end has thousands. */
const mostFrames = 20;

/**
 * Finds the source lines of a crash: in the console, by the addresses in it, and where neither leads to the project,
 * by a second run, which decides nothing.
 *
 * @param site the boot's devices and places, which must still be there.
 * @param consoleLog absolute path of the whole console.
 * @returns undefined when the verdict is no crash, or nothing tells a place.
 */
export async function locateCrash(
  context: Context,
  request: BootRequest,
  site: BootSite,
  machine: MachineFacts,
  { verdict: { verdict, reason }, attempts, consoleLog }: Pick<BootReport, "verdict" | "attempts" | "consoleLog">,
): Promise<Crash | undefined> {
  const crash = crashReasons.find((one) => one === reason);
  if (verdict !== "failed" || crash === undefined || consoleLog === undefined) return undefined;
  const lines = await lastLinesOf(consoleLog);
  const raised = ocamlFrames(lines);
  const seen = [raised, ...(crash === "trap" ? [await framesOfTrap(context, request, lines)] : [])];
  const { workspace } = context.host.folders;
  const crashes = seen.flatMap((frames) => crashOf(frames, request.imagePath, workspace) ?? []);
  const own = crashes.find((one) => one.own !== undefined);
  if (own !== undefined) return marked(own, workspace);
  // A second run finds the same backtrace, or, without the client that made it fail, none.
  if (crash === "exception" && raised.length > 1) return crashes[0];
  const again = await framesOfSecondRun(context, request, site, machine, { reason: crash, attempts, lines });
  const found = crashOf(again, request.imagePath, workspace) ?? crashes[0];
  return found && marked(found, workspace);
}

/** A call can go over some lines. */
const linesOfCall = 4;

/** Says of a place whether it is only the caller of the function that failed, as far as its source tells. */
async function marked(crash: Crash, workspace: string): Promise<Crash> {
  const { own, frames } = crash;
  if (own === undefined) return crash;
  const text = await readFile(join(workspace, own.file), "utf8").catch(() => undefined);
  const lines = text?.split("\n").slice(own.line - 1, own.line - 1 + linesOfCall) ?? [];
  return text !== undefined && isBelow(frames, lines) ? { ...crash, isBelow: true } : crash;
}

async function framesOfTrap(
  context: Context,
  { imagePath, debugFile, architecture }: BootRequest,
  lines: readonly string[],
): Promise<readonly Frame[]> {
  const addresses = crashAddresses(lines);
  const program = addr2line(context, architecture);
  if (addresses === undefined || program === undefined) return [];
  const asked = [addresses.at, ...(addresses.link === undefined ? [] : [beforeReturn(addresses.link)])];
  const env = environmentForOthers(context.host.environment);
  const { exitCode, stdout } = await context.processes.run(
    [program, "-f", "-i", "-a", "-e", debugFile ?? imagePath, ...asked],
    { env },
  );
  if (exitCode !== 0) return [];
  const [at = [], link = []] = framesOf(stdout);
  // A function that has called another one finds itself in the link register. After a jump to where no code is, the
  // link register has who jumped.
  const isCaller = link.at(-1)?.function !== at.at(-1)?.function;
  return [...at, ...(isCaller ? link : [])];
}

/** A return address is the instruction after the call, which can be another line's. */
const beforeReturn = (address: string): string => `0x${(BigInt(address) - 1n).toString(16)}`;

/** GNU's reads only the architectures that it was built for; the cross compiler's has the image's. */
function addr2line({ host }: Context, architecture: Architecture): string | undefined {
  const names = [
    ...(host.architecture === architecture ? [] : [`${architecture}-linux-gnu-addr2line`]),
    "addr2line",
    "llvm-addr2line",
  ];
  return names.map((name) => findProgram(name, host.environment["PATH"])).find((path) => path !== undefined);
}

/**
 * Names the sources that are the project's own by their path in the workspace: files that are neither built nor a
 * dependency's. What the runtime did before the project's first call is left out.
 *
 * @param imagePath absolute; sources with relative names belong to a folder above it.
 * @returns undefined without frames.
 */
export function crashOf(
  frames: readonly Frame[],
  imagePath: string,
  workspace: string,
  exists: (path: string) => boolean = existsSync,
): Crash | undefined {
  const placed = withoutRepeats(frames)
    .slice(0, mostFrames)
    .map((frame): { readonly frame: Frame; readonly isOwn?: true } => {
      const { source } = frame;
      if (source === undefined || isStdlib(frame)) return { frame };
      const file = fileInWorkspace(source.file, imagePath, workspace, exists);
      return file === undefined ? { frame } : { frame: { ...frame, source: { file, line: source.line } }, isOwn: true };
    });
  if (placed.length === 0) return undefined;
  const last = placed.findLastIndex(({ isOwn }) => isOwn === true);
  const shown = last < 0 ? placed : placed.slice(0, last + 1);
  const own = shown.find(({ isOwn }) => isOwn === true)?.frame;
  return {
    frames: shown.map(({ frame }) => frame),
    ...(own?.source === undefined
      ? {}
      : { own: { ...(own.function === undefined ? {} : { function: own.function }), ...own.source } }),
  };
}

/** A recursion is one frame for each of its calls in the source. */
const withoutRepeats = (frames: readonly Frame[]): readonly Frame[] =>
  frames.filter((frame, index) => JSON.stringify(frame) !== JSON.stringify(frames[index - 1]));

/** Sources of dependencies, and what dune and `mirage configure` write. */
const foreign = /(?:^|\/)(?:(?:duniverse|_opam|_build|\.opam|\.opam-switch)(?:\/|$)|mirage\/main\.ml$)/;

/** dune compiles in _build/CONTEXT, and takes objects that it compiled elsewhere from its cache. */
const built = /(?:^|\/)_build\/[^/]+\//;

function fileInWorkspace(
  file: string,
  imagePath: string,
  workspace: string,
  exists: (path: string) => boolean,
): string | undefined {
  const context = built.exec(file);
  if (context !== null && foreign.test(file.slice(0, context.index))) return undefined;
  const below = context === null ? undefined : file.slice(context.index + context[0].length);
  // dune can map the folder of a context to /workspace_root.
  const source = below ?? file.replace(/^\/workspace_root\//, "");
  const candidates = isAbsolute(source)
    ? [source]
    : [...projectOf(file, context), ...foldersUp(dirname(imagePath), workspace)].map((one) => join(one, source));
  return candidates
    .map((path) => ({ path, inside: relative(workspace, path) }))
    .filter(({ inside }) => !isAbsolute(inside) && !/^\.\.(?:\/|$)/.test(inside) && !foreign.test(inside))
    .find(({ path }) => exists(path))?.inside;
}

/** The folder of the `_build` in a source's absolute path. */
const projectOf = (file: string, context: RegExpExecArray | null): readonly string[] =>
  context !== null && isAbsolute(file) ? [file.slice(0, context.index) || "/"] : [];

/** A folder and those above it, up to the workspace; none when it is elsewhere. */
function foldersUp(folder: string, workspace: string): readonly string[] {
  if (folder === workspace) return [folder];
  return folder.startsWith(`${workspace}/`) ? [folder, ...foldersUp(dirname(folder), workspace)] : [];
}
