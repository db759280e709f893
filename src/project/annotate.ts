import { existsSync } from "node:fs";
import { relative, resolve } from "node:path";
import type { Log } from "../platform/log.js";
import type { Diagnostic } from "./diagnostics.js";
import { isOutside } from "./folder.js";

/** Per step, GitHub shows this many errors and warnings each: https://docs.github.com/en/actions/reference/limits */
const most = 10;

/** Dependencies' sources, whose warnings the project cannot fix. */
const foreign = /(?:^|\/)(?:duniverse|_opam|_build)\//;

export interface Sources {
  /** The folder of the repository, absolute. */
  readonly workspace: string;
  /** Where the command ran, absolute. */
  readonly cwd: string;
  /** The opam packages that are the project's own. */
  readonly packages: readonly string[];
}

/** Annotates source lines: errors anywhere in the repository, warnings only in the project's own files. */
export function annotate(
  log: Log,
  sources: Sources,
  diagnostics: readonly Diagnostic[],
  exists: (path: string) => boolean = existsSync,
): void {
  const shown = new Set<string>();
  const room = { error: most, warning: most };
  for (const diagnostic of diagnostics) {
    const file = fileOf(diagnostic, sources, exists);
    const { severity, message, line, endLine, column, endColumn } = diagnostic;
    // A file can be compiled for several contexts.
    const mark = JSON.stringify([file, line, column, message]);
    if (file === undefined || shown.has(mark) || (severity === "warning" && foreign.test(file)) || room[severity] === 0)
      continue;
    shown.add(mark);
    room[severity] -= 1;
    const columns = column === undefined || endColumn === undefined ? {} : { column, endColumn };
    log.annotate(severity, file === "" ? {} : { file, line, endLine, ...columns }, message);
  }
}

/**
 * The file's path in the repository, empty for a message without a file; undefined when it is outside, does not exist,
 * or belongs to another package.
 */
function fileOf(
  diagnostic: Diagnostic,
  { workspace, cwd, packages }: Sources,
  exists: (path: string) => boolean,
): string | undefined {
  const { file, folder = ".", package: built } = diagnostic;
  const isOwn = (name: string) => packages.includes(name.split(".")[0] ?? name);
  if (built !== undefined && !isOwn(built)) return undefined;
  if (file === undefined) return "";
  const path = resolve(cwd, folder, file);
  const [copied = "", ...rest] = path.split(copyOfOpam)[1]?.split("/") ?? [];
  if (copied !== "" && !isOwn(copied)) return undefined;
  return [
    ...(copied === "" ? [] : [resolve(cwd, ...rest)]),
    // dune writes this for its own folder into debug information (`map_workspace_root`).
    ...(path.startsWith(mappedRoot) ? [resolve(cwd, folder, path.slice(mappedRoot.length))] : []),
    path.replace(copyOfDune, "/"),
    path,
  ]
    .filter(
      (candidate) =>
        candidate !== workspace &&
        /* promise: annotations-are-inside */ !isOutside(workspace, candidate) &&
        exists(candidate),
    )
    .map((candidate) => relative(workspace, candidate))[0];
}

const copyOfOpam = "/.opam-switch/build/";

const mappedRoot = "/workspace_root/";

/** dune compiles copies of the sources, in a folder for each context. */
const copyOfDune = /\/_build\/(?:\.sandbox\/[\da-f]+\/)?[^/]+\//;
