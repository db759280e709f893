// In a process of its own each time: the guard takes the streams of a whole process.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Outcome, processes } from "../../../../src/platform/process/process.js";
import { obeyed } from "../../../actions-runner.js";
import { bundled, bundledCommandLine } from "../../../bundled.js";

const root = resolve(import.meta.dirname, "../../../..");
let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "unikernel-ci-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const hostile = "##[error]no\n::error::no\n\u001b[2J\u009b2J\u202eno\u2028::error::no";

const library = `export * as core from "@actions/core";
  export { createLog } from "./src/platform/runner/console-log.ts";
  export * as streams from "./src/platform/runner/standard-streams.ts";
  export { guardProcess } from "./src/actions/main.ts";
  export { gitHubRunner } from "./src/platform/runner/github.ts";`;

/** What a program of libraries writes while the streams are guarded. */
async function written(program: string, gitHub = true): Promise<Outcome> {
  const path = join(folder, "program.mjs");
  writeFileSync(
    path,
    `import { core, createLog, streams, guardProcess, gitHubRunner } from ${JSON.stringify(bundled(library))};
    const hostile = ${JSON.stringify(hostile)}, gitHub = ${gitHub};
    const log = createLog({ gitHub, write: streams.writeTo("stdout"), colour: false, verbose: false });
    streams.guardStreams(log, gitHub);
    ${program}`,
  );
  return processes.run([process.execPath, path], { cwd: root });
}

const isInert = (text: string) => expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Zl}\p{Bidi_Control}]/u);

describe("a library", () => {
  it.each([
    ["console", "console.log(hostile); console.error(hostile);"],
    ["standard output", "process.stdout.write(hostile);"],
    ["standard error", "process.stderr.write(hostile);"],
    ["@actions/core", "core.info(hostile);"],
    [
      "a program’s bytes, in pieces",
      'for (const byte of Buffer.from(hostile + "\\n")) process.stdout.write(Buffer.of(byte));',
    ],
    ["a program’s bytes without a line end", "process.stderr.write(Buffer.from(hostile));"],
  ])(
    "writes no command and no control character: %s",
    async (_, program) => {
      const { stdout, stderr } = await written(program);
      expect(stderr).toBe("");
      expect(obeyed(stdout)).toEqual([]);
      expect(stdout).toContain("\\x9b2J\\u202eno\\u2028");
      isInert(stdout);
    },
    30_000,
  );

  it("has its messages and masks, and nothing else that @actions/core knows", async () => {
    const { stdout } = await written(
      'core.warning("50%\\n" + hostile); core.debug("d"); core.setSecret("s"); core.info("plain")',
    );
    expect(obeyed(stdout)).toEqual([expect.stringMatching(/^::warning::50%25%0A##\[/), "::debug::d", "::add-mask::s"]);
    expect(stdout).toMatch(/^plain$/m);
    isInert(stdout);
  }, 30_000);

  it("the colours of a program are left out, and hide no command", async () => {
    const { stdout } = await written(
      'process.stdout.write(Buffer.from("\\u001b[2mdim\\u001b[0m\\n::err\\u001b[1;31mor::no\\n"));',
    );
    expect(obeyed(stdout)).toEqual([]);
    expect(stdout).toMatch(/^::stop-commands::(\w+)\n {2}\| dim\n {2}\| ::error::no\n::\1::\n$/);
  }, 30_000);

  it("shows no secret on a terminal", async () => {
    const { stdout } = await written(
      'core.setSecret("s"); core.debug("d"); core.warning("w"); core.info("plain")',
      false,
    );
    expect(stdout).toBe("Warning: w\nplain\n");
  }, 30_000);

  it("our own outputs reach a runner without files for them", async () => {
    const { stdout } = await written('gitHubRunner({}).setOutput("a", "b\\n::error::c");');
    expect(obeyed(stdout)).toEqual(["::set-output name=a::b%0A::error::c"]);
  }, 30_000);
});

describe("an error that nothing catches", () => {
  it.each([
    ["an exception", "setTimeout(() => { throw new Error(hostile); });"],
    ["a rejection", "void Promise.reject(new Error(hostile)); setTimeout(() => undefined, 10_000);"],
  ])(
    "is reported through the log, without its stack: %s",
    async (_, program) => {
      const { exitCode, stdout, stderr } = await written(`guardProcess(log, gitHub); ${program}`);
      expect([exitCode, stderr]).toEqual([1, ""]);
      expect(obeyed(stdout)).toEqual([
        expect.stringMatching(/^::error::this is a bug in unikernel-ci%0A {2}because {4}##\[error\]no/),
        expect.stringMatching(/^::debug::Error: .*%0A {4}at /),
      ]);
      isInert(stdout);
      const terminal = await written(`guardProcess(log, gitHub); ${program}`, false);
      expect(terminal.stdout).toMatch(/^Error: this is a bug in unikernel-ci\n[^]* please report it /);
      expect(terminal.stdout + terminal.stderr).not.toMatch(/^\s+at /m);
      isInert(terminal.stdout);
    },
    60_000,
  );
});

describe("the command line", () => {
  const explain = async (...more: readonly string[]) => {
    const path = join(folder, "console.log");
    writeFileSync(path, "Fatal error: exception ##[error]\u009b2J\u202e\u2066x\n");
    const command = [process.execPath, bundledCommandLine()] as const;
    return processes.run([...command, ...more, "explain", path, "--target", "spt", "--exit-code", "2"], {
      cwd: root,
      env: { ...(process.env as Record<string, string>), GITHUB_ACTIONS: "true" },
    });
  };

  it("prints nothing that a log obeys or a terminal reorders", async () => {
    const { stdout } = await explain();
    expect(obeyed(stdout)).toEqual([]);
    expect(stdout).toContain("evidence  Fatal error: exception ##[error]\\x9b2J\\u202e\\u2066x\n");
    isInert(stdout);
  }, 30_000);

  it("prints JSON that a log shows as it is, of the same value", async () => {
    const { stdout } = await explain("--json");
    expect(obeyed(stdout)).toEqual([]);
    isInert(stdout);
    expect(stdout).not.toContain("#[");
    expect(JSON.parse(stdout)).toMatchObject({
      evidence: { line: readFileSync(join(folder, "console.log"), "utf8").trimEnd() },
    });
  }, 30_000);
});
