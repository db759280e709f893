import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ExplainOptions, explain } from "../../../src/actions/explain.js";
import { readInputs } from "../../../src/actions/interface.js";
import type { Verdict } from "../../../src/boot/judge/verdict.js";
import { Problem } from "../../../src/platform/problem.js";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "unikernel-ci-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const said = async (
  lines: readonly string[],
  given: Readonly<Record<string, string>>,
  options: ExplainOptions,
  asJson: boolean,
) => {
  const path = join(folder, "console.log");
  writeFileSync(path, lines.map((line) => `${line}\n`).join(""));
  let text = "";
  await explain(
    path,
    readInputs((name) => given[name]),
    options,
    (more) => (text += more),
    asJson,
  );
  return text;
};
const judged = async (
  lines: readonly string[],
  given: Readonly<Record<string, string>>,
  options: ExplainOptions = {},
) => JSON.parse(await said(lines, given, options, true)) as Verdict;

test("people and programs see which rule decided", async () => {
  const lines = ["before", "Fatal error: exception Not_found"];
  expect(await said(lines, { target: "spt" }, { exitCode: "2" }, false)).toBe(
    "failed: uncaught exception (exception)\nrule      last-words\nevidence  Fatal error: exception Not_found\n",
  );
  expect(await judged(lines, { target: "spt" }, { exitCode: "2" })).toMatchObject({
    reason: "exception",
    rule: "last-words",
    exitStatus: 2,
  });
});

describe("refused as in a boot", () => {
  test("an exit status of a target that reports none", async () => {
    await expect(
      judged(["hello"], { target: "unikraft-qemu", "expect-exit": "3" }, { exitCode: "83" }),
    ).rejects.toThrow(/does not report an exit status/);
  });

  test("waiting for lines without any", async () => {
    await expect(judged(["hello"], { target: "spt", until: "expect" }, { stillRunning: true })).rejects.toThrow(
      Problem,
    );
  });
});

test.each([
  ["xen", "xen"],
  ["qubes", "the hypervisor"],
  ["muen", "the hypervisor"],
])("a console of %s from elsewhere is judged", async (target, vmm) => {
  const banner = ["            |      ___|", "Solo5: Bindings version v0.9.0", "hello"];
  expect(await judged([...banner, "Solo5: solo5_exit(3) called"], { target }, { exitCode: "0" })).toMatchObject({
    reason: "exit-status",
    exitStatus: 3,
  });
  expect(await judged(banner, { target }, { exitCode: "5" })).toMatchObject({
    reason: "monitor",
    summary: `${vmm} exited with status 5`,
  });
});

describe("the source of a line", () => {
  test("a process has no VMM", async () => {
    expect(
      await judged(["solo5-hvt: KVM: internal error exit: suberror=0x1"], { target: "unix" }, { exitCode: "0" }),
    ).toMatchObject({
      verdict: "passed",
    });
  });

  test("a failure of KVM counts only where KVM was used", async () => {
    const lines = ["solo5-hvt: KVM: internal error exit: suberror=0x1"];
    expect(await judged(lines, { target: "hvt" }, { exitCode: "1" })).toMatchObject({
      reason: "accelerator",
      rule: "monitor-line",
    });
    expect(await judged(lines, { target: "hvt", accelerator: "tcg" }, { exitCode: "1" })).toMatchObject({
      reason: "monitor",
    });
  });
});

describe("the end of a guest", () => {
  test("is read from the last line, however long the console is", async () => {
    const lines = Array.from({ length: 100_000 }, (_, index) => `line ${index}`);
    expect(await judged([...lines, "[exit=3]"], { target: "spt" })).toMatchObject({
      reason: "exit-status",
      exitStatus: 3,
    });
  });

  test("must be given otherwise", async () => {
    await expect(judged(["hello"], { target: "spt" })).rejects.toThrow(
      "give exactly one of --exit-code, --timed-out, --still-running",
    );
  });

  test.each<[number, ExplainOptions, string]>([
    [3, { exitCode: "0" }, "--exit-code 0 contradicts the last line of the file"],
    [3, { timedOut: true }, "--timed-out contradicts the last line of the file"],
    [0, { stillRunning: true }, "--still-running contradicts the last line of the file"],
    [124, { exitCode: "0" }, "--exit-code 0 contradicts the last line of the file"],
    [3, { exitCode: "3", timedOut: true }, "give exactly one of --exit-code, --timed-out, --still-running"],
    [3, { exitCode: "256" }, '--exit-code: "256" is not accepted'],
  ])("is not two different ones: [exit=%d] and %j", async (status, options, message) => {
    await expect(judged(["hello", `[exit=${status}]`], { target: "spt" }, options)).rejects.toThrow(message);
  });

  test.each<[number, ExplainOptions]>([
    [3, { exitCode: "3" }],
    [124, { exitCode: "124" }],
    [124, { timedOut: true }],
    [124, { stillRunning: true }],
  ])("can be given twice: [exit=%d] and %j", async (status, options) => {
    const lines = ["hello", `[exit=${status}]`];
    expect(await judged(lines, { target: "spt" }, options)).toEqual(await judged(lines, { target: "spt" }));
  });

  test.each<ExplainOptions>([{ timedOut: true }, { stillRunning: true }])("can be none: %j", async (options) => {
    expect(await judged(["hello"], { target: "spt" }, options)).toMatchObject({ verdict: "passed", rule: "settle" });
    expect(await judged(["hello"], { target: "spt", until: "exit" }, options)).toMatchObject({
      reason: "timeout",
      rule: "timeout",
    });
  });
});

test("a last line without a line feed is read as in a boot", async () => {
  const path = join(folder, "console.log");
  writeFileSync(path, "hello\nlogin: ");
  const verdict = async (input: string) => {
    let text = "";
    const given = readInputs((name) => ({ target: "unix", [input]: "login: $" })[name]);
    await explain(path, given, { stillRunning: true }, (more) => (text += more), true);
    return (JSON.parse(text) as Verdict).reason;
  };
  expect(await verdict("expect")).toBe("ready");
  expect(await verdict("forbid")).toBe("forbidden");
});

test("a missing file is an error", async () => {
  await expect(
    explain(
      join(folder, "none"),
      readInputs((name) => ({ target: "spt" })[name as "target"]),
      { exitCode: "0" },
      () => undefined,
      false,
    ),
  ).rejects.toThrow(/cannot be read/);
});
