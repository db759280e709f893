import { existsSync } from "node:fs";
import { relative, resolve } from "node:path";
import type { Log } from "../platform/log.js";
import type { Diagnostic } from "./diagnostics.js";
import { isOutside } from "./folder.js";

/** GitHub shows so many of each kind for a step, and drops the others: https://docs.github.com/en/actions/reference/limits */
const most = 10;

/** Sources that were pulled: what their compilers warn of is not the project's to mend. */
const foreign = /(?:^|\/)(?:duniverse|_opam|_build)\//;

export interface Sources {
  /** The folder of the repository, absolute. */
  readonly workspace: string;
  /** Where the command ran, absolute. */
  readonly cwd: string;
  /** The opam packages that are the project's own. */
  readonly packages: readonly string[];
}

/** Shows diagnostics at their lines: errors wherever they are in the repository, warnings of the project's own files. */
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
    // One file is compiled for several contexts.
    const mark = JSON.stringify([file, line, column, message]);
    if (file === undefined || shown.has(mark) || (severity === "warning" && foreign.test(file)) || room[severity] === 0)
      continue;
    shown.add(mark);
    room[severity] -= 1;
    const columns = column === undefined || endColumn === undefined ? {} : { column, endColumn };
    log.annotate(severity, { file, line, endLine, ...columns }, message);
  }
}

/** The file's path in the repository; undefined when it is none of it, or one that the build has made. */
function fileOf(
  diagnostic: Diagnostic,
  { workspace, cwd, packages }: Sources,
  exists: (path: string) => boolean,
): string | undefined {
  const { file, folder, package: built } = diagnostic;
  if (built !== undefined && !packages.includes(built.split(".")[0] ?? built)) return undefined;
  const path = resolve(cwd, folder ?? ".", file);
  return path === workspace || isOutside(workspace, path) || !exists(path) ? undefined : relative(workspace, path);
}
