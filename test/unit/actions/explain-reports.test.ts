import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fileURLToPath } from "node:url";
import { type ExplainOptions, explain } from "../../../src/actions/explain.js";
import { readInputs } from "../../../src/actions/interface.js";
import type { Verdict } from "../../../src/boot/judge/verdict.js";

/** Consoles made after public bug reports: test/fixtures/console/README.md. */
const pathOf = (report: string) =>
  fileURLToPath(new URL(`../../fixtures/console/reports/${report}.txt`, import.meta.url));

async function explained(
  path: string,
  given: Readonly<Record<string, string>>,
  options: ExplainOptions = {},
): Promise<Verdict> {
  let text = "";
  const inputs = readInputs((name) => given[name]);
  await explain(path, inputs, options, (more) => (text += more), true);
  return JSON.parse(text) as Verdict;
}

const qemu = { target: "unikraft-qemu" };

test.each<[string, Readonly<Record<string, string>>, ExplainOptions, string, string]>([
  ["uk-banner-only", qemu, { exitCode: "83" }, "failed no-output", "exited without output of its own"],
  ["uk-minimal-banner-hang", qemu, { stillRunning: true }, "failed no-output", "no output of its own"],
  [
    "uk-failed-launch",
    qemu,
    { exitCode: "83" },
    "failed no-output",
    "Unikraft could not start the program: main was never called",
  ],
  [
    "fc-kvm-object",
    { target: "unikraft-firecracker", accelerator: "kvm" },
    { exitCode: "1" },
    "skipped accelerator",
    "KVM is missing or forbidden",
  ],
  [
    "fc-kvm-object",
    { target: "unikraft-firecracker" },
    { exitCode: "1" },
    "skipped accelerator",
    "KVM is missing or forbidden",
  ],
  [
    "hvt-signal",
    { target: "hvt" },
    { exitCode: "1" },
    "failed monitor",
    "solo5-hvt was stopped from outside by SIGTERM",
  ],
  [
    "hvt-signal",
    { target: "hvt" },
    { exitCode: "124" },
    "passed ready",
    "running; then stopped from outside (status 124)",
  ],
  [
    "hvt-signal",
    { target: "hvt" },
    { exitCode: "143" },
    "failed monitor",
    "solo5-hvt was stopped from outside by SIGTERM",
  ],
  ["exit-124", { target: "hvt" }, {}, "passed ready", "running; then stopped from outside (status 124)"],
  ["uk-pagefault-hang", qemu, { stillRunning: true }, "failed trap", "the processor trapped"],
])("%s with %j %j: %s", async (report, given, options, right, summary) => {
  const { verdict, reason, summary: said } = await explained(pathOf(report), given, options);
  expect({ told: `${verdict} ${reason}`, said }).toEqual({ told: right, said: summary });
});

const written = async (lines: readonly string[], given: Readonly<Record<string, string>>, exitCode?: string) => {
  const folder = mkdtempSync(join(tmpdir(), "unikernel-ci-"));
  try {
    const path = join(folder, "console.txt");
    writeFileSync(path, lines.map((line) => `${line}\n`).join(""));
    return await explained(path, given, exitCode === undefined ? {} : { exitCode });
  } finally {
    rmSync(folder, { recursive: true });
  }
};

test.each([
  ["spt", "hello"],
  ["virtio", "hello"],
  ["unikraft-qemu", "qemu-system-x86_64: terminating on signal 15 from pid 7 (timeout)"],
])("the status of `timeout` is one, in the file or as an option: %s %s", async (target, last) => {
  const lines = ["hello", last];
  const inFile = await written([...lines, "[exit=124]"], { target });
  expect(await written(lines, { target }, "124")).toEqual(inFile);
  expect(inFile.summary).toMatch(/; then stopped from outside \(status 124\)$/);
});

test.each([
  ["143", "SIGTERM"],
  ["130", "SIGINT"],
])("a shell’s status %s of a VMM is its end by %s, for every target", async (status, signal) => {
  for (const target of ["hvt", "spt", "virtio", "unikraft-qemu", "unikraft-firecracker"]) {
    const { reason, summary } = await written(["hello"], { target }, status);
    expect({ target, reason, summary }).toEqual({
      target,
      reason: "monitor",
      summary: expect.stringMatching(new RegExp(` was stopped from outside by ${signal}$`)) as string,
    });
  }
});
