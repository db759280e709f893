import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { bundled } from "../../../bundled.js";

const root = resolve(import.meta.dirname, "../../../..");

/** A signal to itself waits, like any that comes while it is busy, until the event loop looks at its signals. */
test.each([
  ["while something else begins and ends", "await cleaningUp(() => 0, async () => 0)"],
  ["right before there is nothing to end", ""],
])("a signal that arrives when this process is busy, %s, ends it all the same", (_, next) => {
  const library = bundled('export * from "./src/platform/process/leftovers.ts"');
  const program = `
    import { cleaningUp, isEnding } from ${JSON.stringify(library)}
    import { setImmediate as turn } from "node:timers/promises"
    await cleaningUp(() => 0, async () => {
      process.kill(process.pid, "SIGTERM")
      ${next}
    })
    for (let turns = 0; turns < 5; turns++) await turn()
    console.log(isEnding() ? "ends" : "goes on")
    if (isEnding()) await new Promise(() => setInterval(() => 0, 1e6))`;
  const args = ["--input-type=module", "-e", program];
  const { stdout, status } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  expect({ stdout, status }).toEqual({ stdout: "ends\n", status: 143 });
});
