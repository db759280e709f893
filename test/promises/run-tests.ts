import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RanTest, RunReport } from "./reporter.js";

/** The tests of one or more promises. */
export interface AskedTests {
  readonly kind: Kind;
  /** Relative to the tree. */
  readonly files: readonly string[];
  /** A part of their names, as vitest's `-t` takes it. */
  readonly pattern: string;
}

export type Kind = "unit" | "integration" | "e2e";

/** How long tests may take. */
export interface Patience {
  /** Of the whole run, which is ended then. */
  readonly runMs: number;
  /** Of one test or hook; by default that of the configuration. */
  readonly testMs?: number;
}

/** What became of the tests of a promise. */
export interface TestsRun {
  /** Those whose name has the pattern. */
  readonly tests: readonly RanTest[];
  readonly broken: readonly string[];
  /** The run took too long, and was ended. */
  readonly hangs: boolean;
  readonly ms: number;
}

/** Runs tests in a tree, by the configuration of their kind. */
export async function runTests(folder: string, asked: AskedTests, patience: Patience): Promise<TestsRun> {
  const { kind, files, pattern } = asked;
  const { runMs, testMs } = patience;
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
    ...(testMs === undefined ? [] : [`--testTimeout=${testMs}`, `--hookTimeout=${testMs}`]),
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
  }, runMs);
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

/** What a test says about a protection that was taken out. */
export interface Judgement {
  /**
   * `killed`: an assertion failed. `survived`: the test passed. `undecided`: a time limit ended it, which depends on
   * the machine. `unfit`: it was not run, or failed by something else than an assertion.
   */
  readonly outcome: "killed" | "survived" | "undecided" | "unfit";
  /** The first line of the error, or why nothing can be said. */
  readonly why: string;
}

export function judge({ tests, broken, hangs }: TestsRun): Judgement {
  const ran = tests.filter(({ state }) => state !== "skipped");
  const errors = ran.filter(({ state }) => state === "failed").flatMap((test) => test.errors);
  const assertion = errors.find(({ name }) => name === "AssertionError");
  if (assertion !== undefined) return { outcome: "killed", why: firstLine(assertion.message) };
  if (hangs) return { outcome: "undecided", why: "the run took too long" };
  const timeout = [...errors.map(({ message }) => message), ...broken].find((text) =>
    /^(Test|Hook) timed out/.test(text),
  );
  if (timeout !== undefined) return { outcome: "undecided", why: firstLine(timeout) };
  if (ran.length === 0) return { outcome: "unfit", why: firstLine(broken[0] ?? "no test of that name was run") };
  if (ran.some(({ state }) => state === "pending")) return { outcome: "unfit", why: "vitest ended before the test" };
  const [other] = errors;
  if (other !== undefined) return { outcome: "unfit", why: firstLine(`${other.name}: ${other.message}`) };
  return {
    outcome: "survived",
    why:
      broken[0] === undefined ? `${ran.length} passed` : `passed, beside an error of no test: ${firstLine(broken[0])}`,
  };
}

const firstLine = (text: string) => (text.split("\n")[0] ?? "").slice(0, 160);
