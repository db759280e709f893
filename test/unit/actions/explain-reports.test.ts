import { expect, test } from "vitest";
import { fileURLToPath } from "node:url";
import { type ExplainOptions, explain } from "../../../src/actions/explain.js";
import { readInputs } from "../../../src/actions/interface.js";
import type { Verdict } from "../../../src/boot/judge/verdict.js";

/** Consoles made after public bug reports: test/fixtures/console/README.md. */
const pathOf = (report: string) =>
  fileURLToPath(new URL(`../../fixtures/console/reports/${report}.txt`, import.meta.url));

async function explained(
  report: string,
  given: Readonly<Record<string, string>>,
  options: ExplainOptions = {},
): Promise<Verdict> {
  let text = "";
  const inputs = readInputs((name) => given[name]);
  await explain(pathOf(report), inputs, options, (more) => (text += more), true);
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
  ["uk-pagefault-hang", qemu, { stillRunning: true }, "failed trap", "the processor trapped"],
])("%s with %j %j: %s", async (report, given, options, right, summary) => {
  const { verdict, reason, summary: said } = await explained(report, given, options);
  expect({ told: `${verdict} ${reason}`, said }).toEqual({ told: right, said: summary });
});
