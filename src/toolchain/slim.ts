import { open, readdir, lstat } from "node:fs/promises";
import { join, basename } from "node:path";
import type { Context } from "../platform/host.js";
import { seconds, type Log, firstOf } from "../platform/log.js";
import { findProgram } from "../platform/process/programs.js";
import { type Architecture, architectures } from "../targets/architecture.js";
import { type Reference, type TreeEntry, keptForOthers } from "./closure.js";
import { readReferences } from "./references.js";

/** A kind of file that no unikernel build uses. */
export interface SlimRule {
  readonly name: string;
  readonly reason: string;
  readonly covers: RegExp;
}

/** Of the switch, or of the cross compiler in `lib/ocaml-solo5`. */
const bin = String.raw`(?:^|/)bin/`;

/**
 * The files left out of a toolchain's archive unless a file that stays needs them; the first rule that
 * matches counts. Paths are relative to the toolchain's folder.
 *
 * These must stay: the host's compiler-libs (for every ppx); the cross ones, in bytecode too (findlib does not find
 * them otherwise, and an upstream example links them); both ocamlmklib (dune builds foreign stubs with them); both
 * `ocaml` (it runs build scripts of packages and dune files in OCaml syntax); opam's records of packages and
 * repositories (for `opam install` on top).
 */
export const slimRules: readonly SlimRule[] = [
  {
    name: "opam’s own leftovers",
    reason: "sources, downloads, logs and caches of a finished build; opam recreates its caches",
    covers: new RegExp(
      String.raw`^opam/(?:download-cache|log|repo/state-[^/]*\.cache|` +
        String.raw`toolchain/\.opam-switch/(?:sources|build|backup|packages/cache))(?:$|/)`,
    ),
  },
  {
    name: "OCaml’s sources",
    reason: "ocaml-src is only needed to build the cross compiler",
    covers: /(?:^|\/)lib\/ocaml-src(?:$|\/)/,
  },
  {
    name: "annotations",
    reason: "typed trees for editors and documentation; compilers do not read them",
    covers: /\.(?:cmt|cmti|annot)$/,
  },
  {
    name: "documentation",
    reason: "builds do not read it",
    covers: /^opam\/toolchain\/(?:lib\/[^/]+\/)?(?:man|doc|share\/(?:doc|man|emacs|vim))(?:$|\/)/,
  },
  {
    name: "compilers in bytecode",
    reason: "the native compilers are used instead",
    covers: new RegExp(String.raw`${bin}[^/]+\.byte$`),
  },
  {
    name: "runtimes for debugging",
    reason: "linked only by -runtime-variant d or i, which no target uses",
    covers: /(?:^|\/)(?:lib(?:asm|caml)run[di](?:_pic)?\.a|(?:target_)?camlheader[di]|bin\/ocamlrun[di])$/,
  },
  {
    name: "tools for people at a terminal",
    reason: "debugger, documentation, profiler",
    covers: new RegExp(
      String.raw`(?:${bin}(?:ocamldebug|ocamldoc(?:\.opt)?|ocamlprof|ocamlcp|ocamloptp|ocamlcmt)|` +
        String.raw`(?:^|/)lib/(?:ocaml/(?:expunge|ocamldoc/.*)|ocamldoc/META))$`,
    ),
  },
];

/** The rule that covers a path, if any. */
export function slimRuleOf(path: string): SlimRule | undefined {
  return slimRules.find(({ covers }) => covers.test(path));
}

/** Which files of a toolchain a slim one has. */
export interface SlimPlan {
  /** Whether a path, relative to the toolchain's folder, stays. */
  readonly keeps: (path: string) => boolean;
  /** Files and links that stay although a rule of slim.ts covers them, each with the path that refers to it. */
  readonly kept: ReadonlyMap<string, string>;
}

/** How many of them the log names. */
const mostNamed = 4;

/**
 * Decides which files a slim toolchain has: those that no rule of slim.ts covers, and everything that these refer to.
 * Changes nothing.
 *
 * @param folder of a toolchain, which contains `opam/`: absolute, without links.
 */
export async function planSlimming(folder: string): Promise<SlimPlan> {
  const found = (await readdir(folder, { recursive: true, withFileTypes: true })).flatMap((entry) => {
    const kind = entry.isDirectory() ? "folder" : entry.isSymbolicLink() ? "link" : entry.isFile() ? "file" : undefined;
    return kind === undefined
      ? []
      : [{ kind, path: join(entry.parentPath, entry.name).slice(folder.length + 1) } as const];
  });
  const covered = new Set(found.map(({ path }) => path).filter((path) => slimRuleOf(path) !== undefined));
  const leavesOut = (path: string) => covered.has(path);
  const references = new Map<string, readonly Reference[]>();
  let kept: ReadonlyMap<string, string> = new Map();
  // A covered file is read only when another needs it: most files are sources.
  for (;;) {
    const unread = found.filter(({ path }) => !references.has(path) && (!leavesOut(path) || kept.has(path)));
    if (unread.length === 0) break;
    for (const entry of unread) references.set(entry.path, await readReferences(folder, entry));
    const entries = found.map((entry): TreeEntry => ({ ...entry, refersTo: references.get(entry.path) ?? [] }));
    kept = keptForOthers(entries, leavesOut);
  }
  const isContent = new Set(found.filter(({ kind }) => kind !== "folder").map(({ path }) => path));
  return {
    keeps: (path) => kept.has(path) || slimRuleOf(path) === undefined,
    kept: new Map([...kept].filter(([path]) => isContent.has(path))),
  };
}

/** Logs, in one line, which covered files stay. */
export function tellKept(log: Log, { kept }: Pick<SlimPlan, "kept">): void {
  const named = [...kept].map(([path, by]) => `${path.replace(/^opam\/toolchain\//, "")} for ${basename(by)}`);
  if (named.length > 0) log.fact("kept", firstOf(named, mostNamed).join(", "));
}

const needed = "kept for others";

const stays = "what stays";

/** How much a rule leaves out of a toolchain. */
export interface SlimRow {
  readonly name: string;
  readonly files: number;
  readonly bytes: number;
  readonly reason: string;
}

/**
 * Counts the files that each rule of slim.ts leaves out. The last rows count the covered files that stay, and all that
 * stay.
 *
 * @param folder as for {@link planSlimming}.
 */
export async function slimTable(folder: string): Promise<readonly SlimRow[]> {
  const { keeps, kept } = await planSlimming(folder);
  const counts = new Map<string, { files: number; bytes: number }>();
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const path = file.slice(folder.length + 1);
    const { size } = await lstat(file);
    for (const name of [keeps(path) ? stays : slimRuleOf(path)?.name, kept.has(path) ? needed : undefined]) {
      if (name === undefined) continue;
      const count = counts.get(name) ?? { files: 0, bytes: 0 };
      counts.set(name, { files: count.files + 1, bytes: count.bytes + size });
    }
  }
  const row = (name: string, reason: string): SlimRow => ({
    name,
    reason,
    ...(counts.get(name) ?? { files: 0, bytes: 0 }),
  });
  return [
    ...slimRules.map(({ name, reason }) => row(name, reason)),
    row(needed, "covered by a rule above, and kept: a link, a script or a library needs it"),
    row(stays, "before debug information is stripped"),
  ];
}

/** e_machine of the System V ABI. */
const machines: Readonly<Record<number, Architecture>> = { 62: "x86_64", 183: "aarch64" };

/** Enough to find the first object of a library, in bytes. */
const headBytes = 64 * 1024;
/** The end of a program that carries OCaml bytecode behind its ELF part: `strip` would cut it off. */
const bytecodeTrailer = /Caml1999X\d{3}$/;
/** Files per command line, far below any limit of its length. */
const atOnce = 200;

/**
 * Removes debug information from a toolchain's programs and libraries, in place: a fifth of a real toolchain, which no
 * build needs. Files that cannot be stripped are not changed.
 *
 * @param covers the files to strip.
 */
export async function stripToolchain(
  { host, log, processes }: Context,
  folder: string,
  covers: (path: string) => boolean,
): Promise<void> {
  const start = performance.now();
  const found: Record<Architecture, string[]> = { x86_64: [], aarch64: [] };
  for (const path of (await filesIn(folder)).filter(covers)) {
    const architecture = await debugOf(join(folder, path));
    if (architecture !== undefined) found[architecture].push(join(folder, path));
  }
  for (const architecture of architectures) {
    const strip = architecture === host.architecture ? "strip" : `${architecture}-linux-gnu-strip`;
    if (found[architecture].length === 0) continue;
    if (findProgram(strip, host.environment["PATH"]) === undefined) {
      log.debug(`no ${strip} here: ${found[architecture].length} files keep their debug information`);
      continue;
    }
    for (let at = 0; at < found[architecture].length; at += atOnce) {
      const outcome = await processes.run([strip, "--strip-debug", ...found[architecture].slice(at, at + atOnce)]);
      // strip leaves a file that it cannot read unchanged, and continues with the next.
      if (outcome.exitCode !== 0) log.debug(outcome.stderr);
    }
  }
  log.fact(
    "stripped",
    `${Object.values(found).flat().length} programs and libraries in ${seconds(performance.now() - start)}`,
  );
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

/** The architecture whose `strip` a file needs; undefined for a file that is neither a program nor a library. */
async function debugOf(path: string): Promise<Architecture | undefined> {
  const file = await open(path);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    const head = buffer.subarray(0, bytesRead);
    const isProgram = isElf(head) && [2, 3].includes(head.readUInt16LE(16));
    if (isProgram) return (await endsInBytecode(file)) ? undefined : machines[head.readUInt16LE(18)];
    if (!head.subarray(0, 8).equals(Buffer.from("!<arch>\n"))) return undefined;
    const first = head.indexOf("\x7fELF", 0, "latin1");
    return first < 0 || first + 20 > head.length ? undefined : machines[head.readUInt16LE(first + 18)];
  } finally {
    await file.close();
  }
}

const isElf = (head: Buffer) => head.length > 20 && head.subarray(0, 4).equals(Buffer.from("\x7fELF", "latin1"));

async function endsInBytecode(file: Awaited<ReturnType<typeof open>>): Promise<boolean> {
  const { size } = await file.stat();
  const { buffer, bytesRead } = await file.read(Buffer.alloc(12), 0, 12, Math.max(0, size - 12));
  return bytecodeTrailer.test(buffer.toString("latin1", 0, bytesRead));
}
