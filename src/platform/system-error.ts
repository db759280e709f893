import { sep } from "node:path";
import { isDiskFull, Problem } from "./problem.js";
import type { Folders } from "./host.js";
/** Errors of the system on a folder or file that are a matter of the machine, not a defect of ours: errno(3). */
const reasons: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  EROFS: "the file system is read-only",
  ENOSPC: "no space left on the device",
  EDQUOT: "the quota is used up",
  ENOTDIR: "a part of the path is not a folder",
};

const decidedBy: Readonly<Record<keyof Folders, string>> = {
  toolCache: "RUNNER_TOOL_CACHE (or XDG_CACHE_HOME)",
  state: "RUNNER_TEMP (or XDG_STATE_HOME)",
  temporary: "RUNNER_TEMP (or TMPDIR)",
  workspace: "GITHUB_WORKSPACE (or the current folder)",
};

/** An error of the system as a person can act on it; undefined for any other error. */
export function systemProblem(error: unknown, folders: () => Folders): Problem | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, path, syscall = "" } = error as NodeJS.ErrnoException;
  const reason = code === undefined ? undefined : reasons[code];
  if (reason === undefined) return undefined;
  if (path === undefined) return isDiskFull(error) ? diskFull(folders(), error) : undefined;
  const choice = choiceOf(path, folders());
  return new Problem(
    `${path} cannot be used: ${reason}`,
    {
      because: `${syscall}: ${code ?? ""}`,
      ...(choice === undefined ? {} : { do: `make it usable, or choose another folder by ${choice}` }),
    },
    { cause: error },
  );
}

/** Writing to an open file fails without naming it. */
function diskFull(folders: Folders, cause: Error): Problem {
  return new Problem(
    "no space is left on a disk",
    {
      because: cause.message,
      do: `make some where these are: ${[...new Set(Object.values(folders) as string[])].join(", ")}`,
    },
    { cause },
  );
}

/** What decides the folder that a path lies in; the more special folders come first, for they may lie in the others. */
function choiceOf(path: string, folders: Folders): string | undefined {
  const names = Object.keys(decidedBy) as (keyof Folders)[];
  const isIn = (inner: string, outer: string) => `${inner}${sep}`.startsWith(`${outer}${sep}`);
  const found = names.find((name) => isIn(path, folders[name])) ?? names.find((name) => isIn(folders[name], path));
  return found === undefined ? undefined : decidedBy[found];
}
