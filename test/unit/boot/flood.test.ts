// Real processes that print without end, as fast as the machine can.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { judgeGuest } from "../../../src/boot/attempts.js";
import { ConsoleFile } from "../../../src/platform/files/console-file.js";
import { startVmm } from "../../../src/platform/process/vmm-process.js";
import { rulesOf } from "./consoles.js";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "unikernel-ci-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const rules = { ...rulesOf("unix", "native"), until: "exit", timeoutMs: 1_000 } as const;

async function boot(name: string, argv: readonly [string, ...string[]]) {
  const file = await ConsoleFile.create(join(folder, name), 1);
  const { verdict } = await judgeGuest(startVmm(argv, process.env, 0), rules, file);
  await file.close();
  return verdict;
}

test("floods end at their timeouts in bounded memory, and a quiet guest beside them is judged by itself", async () => {
  const before = process.memoryUsage().rss;
  const long = "Fatal error: ".repeat(5_000);
  const [quiet, ...floods] = await Promise.all([
    boot("quiet", ["sh", "-c", "echo hello"]),
    boot("lines", ["yes", "CRIT: EL1 "]),
    boot("short", ["yes", ""]),
    boot("long", ["yes", long]),
    boot("endless", ["cat", "/dev/zero"]),
  ]);
  expect(quiet).toMatchObject({ verdict: "passed", reason: "exited" });
  for (const flood of floods) expect(flood.verdict).toBe("failed");
  expect(floods.map(({ reason }) => reason)).toEqual(["timeout", "no-output", "timeout", "no-output"]);
  expect(process.memoryUsage().rss - before).toBeLessThan(500e6);
}, 120_000);
