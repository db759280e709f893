// What a person does in a repository of their own before a runner comes: `unikernel-ci init`, and a commit.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type PreparedRepository } from "./harness.js";

const root = resolve(import.meta.dirname, "../..");

export const commit = "0123456789abcdef0123456789abcdef01234567";
/** What the templates name, filled in. */
export const action = `unikernel-ci/unikernel-ci@${commit}`;

/**
 * Writes a template with the committed command line, and commits it: act reads the commit.
 *
 * @returns what `init` printed.
 */
export function init({ folder }: PreparedRepository, ...options: readonly string[]): string {
  const cli = join(root, "dist/cli/index.js");
  const reference = ["--owner", "unikernel-ci", "--commit", commit];
  const told = execFileSync(process.execPath, [cli, "init", ...reference, ...options], {
    cwd: folder,
    encoding: "utf8",
  });
  commitAll(folder);
  return told;
}

export function commitAll(folder: string): void {
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=x", "-c", "user.email=x@example.org", ...args], { cwd: folder });
  git("add", "--all");
  git("commit", "--quiet", "--allow-empty", "--message=A template");
}

/** The actions of other people that a workflow uses, each with what stands for it here. */
export function standInsOf(workflow: string): Record<string, string> {
  const uses = [
    ...readFileSync(workflow, "utf8").matchAll(/uses: (actions\/(download-artifact|upload-artifact)@\w+)/g),
  ];
  return Object.fromEntries(
    uses.map(([, name = "", which = ""]) => [name, resolve(import.meta.dirname, "stand-ins", which)]),
  );
}

/** The files of an artifact, by their paths in it. */
export function artifactFiles(archive: string): string[] {
  return execFileSync("unzip", ["-Z1", archive], { encoding: "utf8" }).trim().split("\n").sort();
}

export function artifactText(archive: string, file: string): string {
  return execFileSync("unzip", ["-p", archive, file], { encoding: "utf8" });
}
