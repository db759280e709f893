import { sep } from "node:path";
import type { Folders } from "./host.js";
import { Problem, isDiskFull } from "./problem.js";

/** The problem for an error of the system on a file or folder; undefined for any other error. */
export function systemProblem(error: unknown, folders: () => Folders): Problem | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, path, syscall = "" } = error as NodeJS.ErrnoException;
  const reason = reasons[code ?? ""] ?? reasons[`${syscall} ${code ?? ""}`];
  if (reason === undefined) return undefined;
  if (path === undefined) return isDiskFull(error) ? diskFull(folders(), error) : undefined;
  const choice = choiceOf(path, folders());
  return new Problem(
    `${path} cannot be used: ${reason}`,
    {
      because: `${syscall}: ${code ?? ""}`,
      ...(choice === undefined ? {} : { do: `make it usable, or set another folder with ${choice}` }),
    },
    { cause: error },
  );
}

/** Errors that depend on the machine and are no defect of ours: errno(3). */
const reasons: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  EROFS: "the file system is read-only",
  ENOSPC: "no space left on the device",
  EDQUOT: "the disk quota is exceeded",
  ENOTDIR: "a part of the path is not a folder",
  ELOOP: "a part of the path is a link that is not followed",
  // The folder above it is there: see makeFolder.
  "mkdir ENOENT": "its file system takes no new folders",
};

/** A failed write to an open file does not name the file. */
function diskFull(folders: Folders, cause: Error): Problem {
  return new Problem(
    "no space left on a disk",
    {
      because: cause.message,
      do: `free space on the disks of these folders: ${[...new Set(Object.values(folders) as string[])].join(", ")}`,
    },
    { cause },
  );
}

/** The variables that set each folder. Inner folders come first: they may lie in the later ones. */
const decidedBy: Readonly<Record<keyof Folders, string>> = {
  toolCache: "RUNNER_TOOL_CACHE (or XDG_CACHE_HOME)",
  state: "RUNNER_TEMP (or XDG_STATE_HOME)",
  temporary: "RUNNER_TEMP (or TMPDIR)",
  workspace: "GITHUB_WORKSPACE (or the current folder)",
};

function choiceOf(path: string, folders: Folders): string | undefined {
  const names = Object.keys(decidedBy) as (keyof Folders)[];
  const isIn = (inner: string, outer: string) => `${inner}${sep}`.startsWith(`${outer}${sep}`);
  const found = names.find((name) => isIn(path, folders[name])) ?? names.find((name) => isIn(folders[name], path));
  return found === undefined ? undefined : decidedBy[found];
}
