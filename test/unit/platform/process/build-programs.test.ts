import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Context } from "../../../../src/platform/host.js";
import { buildProgramMark, sweepBuilds, withBuildPrograms } from "../../../../src/platform/process/build-programs.js";
import { ownMark } from "../../../../src/platform/process/owner-mark.js";
import { processes } from "../../../../src/platform/process/process.js";

let temporary: string;
beforeEach(() => (temporary = mkdtempSync(join(tmpdir(), "unikernel-ci-"))));
afterEach(() => rmSync(temporary, { recursive: true, force: true }));

const context = () => ({ host: { folders: { temporary } }, processes }) as unknown as Context;
const shell = async (script: string, given: Context, env?: Record<string, string>) =>
  (await given.processes.run(["sh", "-c", script], env === undefined ? {} : { env })).stdout.trim();

describe("the programs of a build", () => {
  test("have the mark of their build in any environment", async () => {
    const marked = await withBuildPrograms(context(), async (building) => [
      await shell(`echo $${buildProgramMark} $HOME`, building, { HOME: "/home" }),
      await shell(`echo $${buildProgramMark} $PATH`, building),
    ]);
    const { pid, start, place } = ownMark();
    const mark = `unikernel-ci-build-${pid}-${start}-${place}-`;
    expect(marked[0]).toMatch(new RegExp(`^${mark}\\S{6} /home$`));
    expect(marked[1]?.startsWith(mark) && marked[1].endsWith(process.env["PATH"] ?? "")).toBe(true);
    expect(readdirSync(temporary)).toEqual([]);
  });

  test("that a finished build leaves in the background keep running, for later steps", async () => {
    const pid = Number(
      await withBuildPrograms(context(), (building) => shell("setsid sleep 60 >/dev/null 2>&1 & echo $!", building)),
    );
    try {
      sweepBuilds(context());
      expect(process.kill(pid, 0)).toBe(true);
    } finally {
      process.kill(pid);
    }
  });
});

describe("the sweep of builds", () => {
  const own = ownMark();
  const owners = {
    gone: { ...own, pid: 4_194_304 },
    alive: own,
    elsewhere: { ...own, pid: 4_194_304, place: `${own.place.slice(0, 8)}00000000` },
  };

  /** A program of a build whose owner is in this state. */
  async function left(owner: keyof typeof owners, hasFolder = true): Promise<ChildProcess> {
    const { pid, start, place } = owners[owner];
    const build =
      `unikernel-ci-build-${pid}-${start}-${place}-${owner.slice(0, 2)}${String(hasFolder).padEnd(6)}`.trimEnd();
    if (hasFolder) mkdirSync(join(temporary, build));
    const child = spawn("sleep", ["60"], {
      stdio: "ignore",
      detached: true,
      env: { PATH: process.env["PATH"], [buildProgramMark]: build },
    });
    await once(child, "spawn");
    return child;
  }

  test("ends those of a run that was killed, and no others", async () => {
    const killed = await left("gone");
    const others = [await left("alive"), await left("elsewhere"), await left("gone", false)];
    try {
      const ended = once(killed, "exit");
      sweepBuilds(context());
      expect(await ended).toEqual([null, "SIGKILL"]);
      // The end of a child is reported a moment later.
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(others.map(({ exitCode, signalCode }) => exitCode ?? signalCode)).toEqual([null, null, null]);
      expect(readdirSync(temporary).filter((name) => name.includes("4194304")).length).toBe(1);
    } finally {
      for (const child of [killed, ...others]) child.kill("SIGKILL");
    }
  });
});
