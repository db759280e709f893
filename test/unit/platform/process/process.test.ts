import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { bundled } from "../../../bundled.js";
import { Problem } from "../../../../src/platform/problem.js";
import { lastLines, processes, quote, succeed } from "../../../../src/platform/process/process.js";

const node = (script: string, ...args: string[]) => [process.execPath, "-e", script, ...args] as const;

describe("a program is run to its end", () => {
  test("its status, output and error stream are returned", async () => {
    const argv = node('console.log("out"); console.error("err"); process.exitCode = 3');
    expect(await processes.run(argv)).toEqual({ argv, exitCode: 3, stdout: "out\n", stderr: "err\n" });
  });

  test("a signal has the status that a shell gives it", async () => {
    expect((await processes.run(node('process.kill(process.pid, "SIGKILL")'))).exitCode).toBe(137);
  });

  test("arguments reach it as they are, never through a shell", async () => {
    const words = ["$HOME", "a b", "`x`", "", "*"];
    const { stdout } = await processes.run(node("console.log(JSON.stringify(process.argv.slice(1)))", ...words));
    expect(stdout).toBe(`${JSON.stringify(words)}\n`);
  });

  test("its standard input is empty", async () => {
    expect(await processes.run(["cat"])).toMatchObject({ exitCode: 0, stdout: "" });
  });

  test("it has the given environment and folder", async () => {
    const { stdout } = await processes.run(node("console.log(process.cwd(), process.env.X, process.env.HOME)"), {
      cwd: "/",
      env: { X: "y" },
    });
    expect(stdout).toBe("/ y undefined\n");
  });

  test("its lines are passed on, also a last one without a line end", async () => {
    const lines: string[] = [];
    await processes.run(node('process.stdout.write("a\\r\\nb\\nlast")'), { onLine: (line) => void lines.push(line) });
    expect(lines).toEqual(["a", "b", "last"]);
  });

  test("a line without end does not fill the memory: it is cut, and nothing of it is lost", async () => {
    const lengths: number[] = [];
    const printing = node(
      'const piece = "x".repeat(1e6); for (let i = 0; i < 20; i++) require("fs").writeSync(1, piece)',
    );
    const { exitCode } = await processes.run(printing, { onLine: ({ length }) => void lengths.push(length) });
    expect(exitCode).toBe(0);
    expect(Math.max(...lengths)).toBe(16 * 1024);
    expect(lengths.reduce((sum, length) => sum + length)).toBe(20e6);
  });

  test("of an endless output the end is kept", async () => {
    const { stdout } = await processes.run(node('process.stdout.write("x".repeat(9e6) + "the end")'));
    expect(stdout.length).toBeLessThan(5e6);
    expect(stdout.endsWith("xthe end")).toBe(true);
  });

  test("of an output that is data all is kept, or it is an error", async () => {
    const write = (bytes: number) => node(`process.stdout.write("the start" + "x".repeat(${bytes}) + "the end")`);
    const { stdout } = await processes.run(write(9e6), { whole: true });
    expect(stdout).toHaveLength(9e6 + 16);
    await expect(processes.run(["cat", "/dev/zero"], { whole: true })).rejects.toThrow(
      "the output of cat is longer than 64 MiB",
    );
  });

  test("a missing program is a problem that names it; a missing folder is not mistaken for one", async () => {
    await expect(processes.run(["no-such-program"])).rejects.toThrow(
      new Problem("no-such-program is not installed or not on PATH"),
    );
    await expect(processes.run(["true"], { cwd: "/no/such/folder" })).rejects.not.toBeInstanceOf(Problem);
  });
});

test.concurrent("a background process that holds the output open does not hold us up", async () => {
  const { stdout, exitCode } = await processes.run(["sh", "-c", "sleep 7750 & echo $!"]);
  expect(exitCode).toBe(0);
  // It is still running.
  process.kill(Number(stdout));
});

// Side by side: most of their time is the wait before a program is ended by force.
describe.concurrent("a program that is stopped", () => {
  /** Ignores SIGTERM. */
  const stubbornChild = "process.on('SIGTERM', () => 0); console.log(process.pid); setInterval(() => 0, 1e6)";
  /** Starts a child that prints its process id. Neither ends by SIGTERM. */
  const stubborn = `
    process.on("SIGTERM", () => console.log("asked"));
    const { spawn } = require("child_process");
    spawn(process.execPath, ["-e", ${JSON.stringify(stubbornChild)}], { stdio: "inherit" });
    setInterval(() => 0, 1e6)`;

  test("ends with its whole process group, by force if necessary", async ({ expect }) => {
    const stop = new AbortController();
    const lines: string[] = [];
    const onLine = (line: string) => {
      lines.push(line);
      if (/^\d+$/.test(line)) stop.abort();
    };
    const { exitCode } = await processes.run(node(stubborn), { onLine, signal: stop.signal });
    expect(exitCode).toBe(137);
    expect(lines).toContain("asked");
    const started = Number(lines.find((line) => /^\d+$/.test(line)));
    await expect.poll(() => existsSync(`/proc/${started}`)).toBe(false);
  });

  test("leaves no process of its group behind when it ends by itself", async ({ expect }) => {
    const stop = new AbortController();
    const lines: string[] = [];
    const onLine = (line: string) => {
      lines.push(line);
      stop.abort();
    };
    const easy = stubborn.replace('console.log("asked")', "process.exit(0)");
    await processes.run(node(easy), { onLine, signal: stop.signal });
    await expect.poll(() => existsSync(`/proc/${Number(lines[0])}`)).toBe(false);
  });
});

describe.concurrent("when this program is terminated, its programs end, too", () => {
  /** A process that runs a shell, whose first line is the id of a process of its own. */
  async function runner(script: string, before = "") {
    const library = bundled(`export { processes } from "./src/platform/process/process.ts";
      export { cleaningUp } from "./src/platform/process/leftovers.ts";`);
    const program = `
      import { processes, cleaningUp } from ${JSON.stringify(library)}
      ${before}
      const onLine = (line) => console.log(line)
      const run = () => processes.run(['sh', '-c', ${JSON.stringify(script)}], { onLine })
      await cleaningUp(() => console.log('cleaned up'), run)
      console.log('went on')`;
    const args = ["--input-type=module", "-e", program];
    const ours = spawn(process.execPath, args, {
      stdio: ["ignore", "pipe", "inherit"],
      cwd: resolve(import.meta.dirname, "../../../.."),
    });
    let text = "";
    ours.stdout.on("data", (chunk) => (text += String(chunk)));
    await once(ours.stdout, "data");
    return { ours, pid: Number(text), rest: () => text.split("\n").slice(1) };
  }
  const isAlive = (pid: number) =>
    existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));

  test.each([
    ["SIGTERM", 143],
    ["SIGINT", 130],
    ["SIGHUP", 129],
  ] as const)("by %s", async (signal, status) => {
    const { ours, pid, rest } = await runner("sleep 7750 & echo $!; wait");
    ours.kill(signal);
    expect(await once(ours, "close")).toEqual([status, null]);
    expect(isAlive(pid)).toBe(false);
    expect(rest()).toEqual(["cleaned up", ""]);
  });

  test("at once by a second signal", async ({ expect }) => {
    const script = `(trap "" TERM; exec sleep 7750) & trap "echo told" TERM; echo $!; while :; do wait; done`;
    // The grace time never ends.
    const { ours, pid, rest } = await runner(script, "performance.now = () => 0");
    ours.kill("SIGINT");
    await expect.poll(rest).toContain("told");
    ours.kill("SIGINT");
    expect(await once(ours, "close")).toEqual([130, null]);
    await expect.poll(() => isAlive(pid)).toBe(false);
  });

  test("even if they ignore SIGTERM", async ({ expect }) => {
    const { ours, pid } = await runner('trap "" TERM; sleep 7750 & echo $!; wait');
    ours.kill("SIGTERM");
    expect(await once(ours, "close")).toEqual([143, null]);
    await expect.poll(() => isAlive(pid)).toBe(false);
  });
});

test("a failure is a problem with its last lines and the command that reproduces it", () => {
  const outcome = { argv: ["make", "two words"], exitCode: 2, stdout: "a\n\nb\n", stderr: "error: c\n" };
  expect(() => succeed(outcome, "building")).toThrow(Problem);
  expect(() => succeed(outcome, "building")).toThrow(
    expect.objectContaining({
      message: "building failed: make exited with status 2",
      facts: { evidence: ["a", "b", "error: c"], again: "make 'two words'" },
    }),
  );
  expect(succeed({ ...outcome, exitCode: 0 }, "building").stdout).toBe("a\n\nb\n");
});

test("the problem of a killed program says that memory may have run out", () => {
  const outcome = { argv: ["opam"], exitCode: 137, stdout: "", stderr: "half a li" };
  expect(() => succeed(outcome, "building")).toThrow(
    expect.objectContaining({
      facts: {
        because: "it was killed (SIGKILL), as Linux does when memory runs out",
        evidence: ["half a li"],
        again: "opam",
      },
    }),
  );
});

test("the last lines are those that are not whitespace", () => {
  expect(lastLines("1\n2\r\n \n3\n\n", 2)).toEqual(["2", "3"]);
});

test.each([
  ["plain-word_1/2:3,4=5@6%7+8.9", "plain-word_1/2:3,4=5@6%7+8.9"],
  ["two words", "'two words'"],
  ["it's", "'it'\\''s'"],
  ["", "''"],
])("a shell reads the quoted %j as one word", async (word, quoted) => {
  expect(quote(word)).toBe(quoted);
  expect((await processes.run(["sh", "-c", `printf %s ${quote(word)}`])).stdout).toBe(word);
});
