import { resolve } from "node:path";
import { expect, test } from "vitest";
import { bundledCommandLine } from "../../bundled.js";
import { processes } from "../../../src/platform/process/process.js";

test("a reader that closes the pipe early is no error", async () => {
  const script = 'set -o pipefail; "$0" "$1" doctor | true; echo "${PIPESTATUS[0]}"';
  const { stdout, stderr } = await processes.run(["bash", "-c", script, process.execPath, bundledCommandLine()], {
    cwd: resolve(import.meta.dirname, "../../.."),
  });
  expect(stderr).toBe("");
  expect(stdout).toMatch(/^[01]\n$/);
});
