// Two runs at once that want one thing: one toolchain's key, one release's tag, one console and artifact.
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { expect } from "vitest";
import { attack } from "../attack.js";
import { expectNoDefect, signal } from "../programs.js";
import { type SceneName, sceneMakers, sceneNames, undisturbedMs } from "../scenes.js";

const leastPassing: Readonly<Record<SceneName, 0 | 1 | 2>> = {
  // Two runs of one project build in one folder: each can take the other's files away, and both report that.
  run: 0,
  // One waits for the other.
  "set-up": 2,
  "build of a toolchain": 2,
  // One stops, or finds the release complete.
  release: 1,
};

export const pairs = attack(
  "pairs",
  5,
  fc.record({ of: fc.constantFrom(...sceneNames), later: fc.double({ min: 0, max: 0.8, noNaN: true }) }),
  async ({ of, later }) => {
    const ms = await undisturbedMs(of);
    const scene = await sceneMakers[of]();
    try {
      const runs = [scene.run(), scene.run(true)];
      // Node needs longer to start than the work takes: each waits where its work begins.
      await Promise.all(runs.map((run) => run.begun.then(() => signal(run, "SIGSTOP"))));
      for (const [index, run] of runs.entries()) {
        if (index > 0) await sleep(later * ms);
        signal(run, "SIGCONT");
      }
      const both = await Promise.all(runs.map(({ ended }) => ended));
      both.forEach(expectNoDefect);
      scene.expectNothingHalf();
      const passed = both.filter(({ status }) => status === 0).length;
      expect(passed, both.map(({ output }) => output).join("\n---\n")).toBeGreaterThanOrEqual(leastPassing[of]);
      await scene.expectWhole(await scene.run().ended);
      return `two of ${of}, ${passed} passed`;
    } finally {
      await scene.close();
    }
  },
);
