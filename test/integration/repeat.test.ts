import { mkdtempSync, rmSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readInputs } from "../../src/actions/interface.js";
import { boot } from "../../src/actions/steps/boot-step.js";
import type { Context } from "../../src/platform/host.js";
import { processes } from "../../src/platform/process/process.js";
import { collectingRunner } from "../../src/platform/runner/github.js";
import { collectingLog } from "../collecting-log.js";
import { type GivenInputs, hostIn } from "./set-up.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "unikernel-ci-repeat-"));
  const bare = fileURLToPath(new URL("../../examples/bare", import.meta.url));
  execFileSync("make", ["--silent", "-C", bare, "ARCH=x86_64", `OUT=${folder}`]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function booted(given: GivenInputs) {
  const lines: string[] = [];
  const runner = collectingRunner();
  const context: Context = { host: hostIn(folder), log: collectingLog(lines), processes };
  const all: GivenInputs = { image: "bare.virtio", "install-system-packages": "false", accelerator: "tcg", ...given };
  await boot(
    context,
    readInputs((name) => all[name]),
    runner,
  );
  return { lines, outputs: runner.outputs };
}

describe("a boot of examples/bare, repeated", () => {
  it("passes when each of them does, with the spread of their times", async () => {
    const { lines, outputs } = await booted({ args: "flaky 0", repeat: "3", until: "exit" });
    expect(outputs).toMatchObject({ verdict: "passed", "verdict-reason": "exited" });
    expect(lines.join("\n")).toMatch(/PASSED .*passed 3 of 3 boots/);
    expect(lines.join("\n")).toMatch(/^boot: .* to .*, median /m);
  });

  it("fails with the guest’s own reason when none passes, and is not flaky", async () => {
    const { lines, outputs } = await booted({ args: "flaky 100", repeat: "9", until: "exit" });
    expect(outputs).toMatchObject({ verdict: "failed", "verdict-reason": "trap" });
    expect(lines.join("\n")).toContain("failed 5 of 5 boots (the other 4 were not started)");
  });

  it("repeats each scenario as often as it says", async () => {
    const scenarios =
      "- { name: once, args: flaky 0, until: exit }\n- { name: twice, args: flaky 0, until: exit, repeat: 2 }\n";
    const { lines } = await booted({ scenarios });
    expect(lines.join("\n")).toContain("twice: passed 2 of 2 boots");
    expect(lines.join("\n")).not.toContain("once: passed");
  });
});
