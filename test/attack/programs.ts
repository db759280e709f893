// Our programs, from their sources, in processes that an attack can kill.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { root } from "../documentation.js";

export interface Ended {
  /** Null: it was killed. */
  readonly status: number | null;
  /** Both streams. */
  readonly output: string;
}

export interface Started {
  readonly child: ChildProcess;
  /** Settles when it has printed something, or has ended: before that there is only Node's own start. */
  readonly begun: Promise<unknown>;
  readonly ended: Promise<Ended>;
}

const loader = join(root, "node_modules/tsx/dist/loader.mjs");

/** A folder for temporary files with tsx's own cache in it: without that, each start translates all sources. */
export function temporaryIn(folder: string): string {
  const name = `tsx-${process.getuid?.() ?? 0}`;
  mkdirSync(join(tmpdir(), name), { recursive: true });
  const path = join(folder, "temporary");
  mkdirSync(path);
  symlinkSync(join(tmpdir(), name), join(path, name));
  return path;
}

/** @param script relative to the repository. */
export function start(
  script: string,
  words: readonly string[],
  cwd: string,
  variables: Readonly<Record<string, string>>,
): Started {
  const child = spawn(process.execPath, ["--import", loader, join(root, script), ...words], {
    cwd,
    env: { PATH: process.env["PATH"] ?? "", ...variables },
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own, which an attack can kill as a whole.
    detached: true,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
  // `exit`, because programs of a killed run can hold its streams open.
  const ended = new Promise<Ended>((resolve) =>
    child.once("exit", (status) => setImmediate(() => resolve({ status, output }))),
  );
  const first = [child.stdout, child.stderr].map((stream) => once(stream, "data"));
  return { child, begun: Promise.race([...first, ended]), ended };
}

/** For a run and the programs that it has started; nothing when it has ended. */
export function signal({ child }: Started, name: "SIGKILL" | "SIGSTOP" | "SIGCONT"): void {
  if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) process.kill(-child.pid, name);
}

/** An error for a user is one; a stack, or a defect of ours, is a finding. */
export function expectNoDefect({ output }: Ended): void {
  expect(output).not.toContain("this is a bug in unikernel-ci");
  expect(output).not.toMatch(/^ {2,}at .*:\d+:\d+\)?$/m);
}
