import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { BootReport } from "../../src/boot/report.js";
import type { GivenInputs } from "./set-up.js";
import { bootXen, buildBareXen } from "./xen-domains.js";

let folder: string;
let image: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "unikernel-ci-xen-"));
  image = buildBareXen(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const told = ({ verdict }: BootReport) =>
  [verdict.verdict, verdict.reason, ...(verdict.exitStatus === undefined ? [] : [verdict.exitStatus])].join(" ");

const endings: readonly (readonly [args: string, right: string, given?: GivenInputs])[] = [
  ["hello", "passed exited 0"],
  ["exit 255", "failed exit-status 255"],
  ["abort", "failed abort"],
  ["trap", "failed trap"],
  ["exception", "failed exception 2"],
  ["exception-logged", "passed exited 0"],
  ["exception-hang", "failed timeout", { until: "exit", timeout: "5" }],
  ["hang", "failed timeout", { until: "exit", timeout: "5" }],
  ["hang", "passed ready", { settle: "1" }],
  ["silent", "failed no-output", { settle: "0", timeout: "1" }],
  ["tick 2", "passed exited 0", { until: "exit" }],
  ["flood", "failed timeout", { until: "exit", timeout: "5" }],
  ["partial", "passed exited 0"],
  ["quiet partial", "skipped exited"],
  ["reboot", "failed reboot-loop"],
  ["ready", "passed ready", { settle: "1", expect: "port 80" }],
  ["ready-then-trap", "failed trap"],
  ["echo one two", "passed exited 0", { expect: "argv\\[1\\] = one", until: "exit" }],
  ["no-such-thing", "failed exit-status 64"],
];
it.each(endings.map(([args, right, given = {}]) => [args, right, given] as const))(
  "a domain’s ending: %s: %s",
  async (args, right, given) => {
    expect(told(await bootXen(folder, image, { args, ...given }))).toBe(right);
  },
);

it("the console is kept byte for byte", async () => {
  const { consoleLog } = await bootXen(folder, image, { args: "commands" });
  const console = readFileSync(consoleLog ?? "");
  for (const bytes of [
    "::set-env name=BARE_PWNED::yes\r\n",
    "\n\0::error::behind NUL\0\r\n",
    "invalid UTF-8: \xff\xfe",
  ])
    expect(console.includes(Buffer.from(bytes, "latin1")), JSON.stringify(bytes)).toBe(true);
});

it("every line of a flood is kept, also after the domain is gone", async () => {
  const { consoleLog } = await bootXen(folder, image, { args: "flood 1", until: "exit" });
  const lines = readFileSync(consoleLog ?? "", "latin1")
    .split("\r\n")
    .filter((line) => line.startsWith("flood "));
  expect(lines.map((line) => Number(line.slice(6, 18)))).toEqual(
    Array.from({ length: 16384 }, (_, index) => index + 1),
  );
});
