import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RanTest, RunReport } from "./reporter.js";

/** What became of the tests of a promise. */
export interface TestsRun {
  /** Those whose name has the pattern. */
  readonly tests: readonly RanTest[];
  readonly broken: readonly string[];
  /** They came to no end, and were ended. */
  readonly hangs: boolean;
  readonly ms: number;
}

/**
 * Runs the tests whose name has a pattern, by the configuration of their kind.
 *
 * @param kind `unit`, `integration` or `e2e`.
 * @param files of tests, relative to the tree.
 */
export async function runTests(
  folder: string,
  kind: string,
  files: readonly string[],
  pattern: string,
  limitMs: number,
): Promise<TestsRun> {
  const work = mkdtempSync(join(tmpdir(), "unikernel-ci-promise-"));
  const report = join(work, "report.json");
  const start = performance.now();
  const config = kind === "unit" ? "vitest.config.ts" : `test/${kind}/vitest.config.ts`;
  const args = [
    "node_modules/vitest/vitest.mjs",
    "run",
    "--config",
    config,
    "--reporter",
    "./test/promises/reporter.ts",
    "-t",
    pattern,
    ...files,
  ];
  // A group of its own: what a test has started ends with it.
  const vitest = spawn(process.execPath, args, {
    cwd: folder,
    env: { ...process.env, PROMISES_REPORT: report },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [vitest.stdout, vitest.stderr])
    stream.on("data", (chunk: Buffer) => (said = (said + String(chunk)).slice(-2000)));
  const end = () => {
    if (vitest.pid !== undefined && vitest.exitCode === null) process.kill(-vitest.pid, "SIGKILL");
  };
  let hangs = false;
  const limit = setTimeout(() => {
    hangs = true;
    end();
  }, limitMs);
  // Before the copies are removed that they run in.
  process.prependOnceListener("exit", end);
  await once(vitest, "close");
  process.removeListener("exit", end);
  clearTimeout(limit);
  const ms = performance.now() - start;
  try {
    if (!existsSync(report)) return { tests: [], broken: [said.trim()], hangs, ms };
    const { tests, broken } = JSON.parse(readFileSync(report, "utf8")) as RunReport;
    return { tests: tests.filter(({ name }) => new RegExp(pattern).test(name)), broken, hangs, ms };
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** What a test says of a protection that was taken out. */
export interface Judgement {
  readonly outcome: "fails" | "survives" | "unfit";
  /** The first line of the error, or why nothing can be said. */
  readonly why: string;
}

export function judge({ tests, broken, hangs }: TestsRun): Judgement {
  if (hangs)
    return tests.length > 0
      ? { outcome: "fails", why: "it comes to no end" }
      : { outcome: "unfit", why: "no test was found in time" };
  const ran = tests.filter(({ state }) => state !== "skipped");
  if (ran.length === 0) return { outcome: "unfit", why: firstLine(broken[0] ?? "no test of that name was run") };
  const errors = ran.filter(({ state }) => state === "failed").flatMap((test) => test.errors);
  const told = errors.find(isOfTest);
  if (told !== undefined) return { outcome: "fails", why: firstLine(told.message) };
  const [other] = errors;
  if (other !== undefined) return { outcome: "unfit", why: firstLine(`${other.name}: ${other.message}`) };
  return {
    outcome: "survives",
    why:
      broken[0] === undefined ? `${ran.length} passed` : `passed, beside an error of no test: ${firstLine(broken[0])}`,
  };
}

const isOfTest = ({ name, message }: RanTest["errors"][number]) =>
  name === "AssertionError" || message.startsWith("Test timed out");

const firstLine = (text: string) => (text.split("\n")[0] ?? "").slice(0, 160);
