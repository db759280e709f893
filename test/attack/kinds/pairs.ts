// Two runs at once that want one thing: one toolchain's key, one release's tag, one console and artifact.
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { expect } from "vitest";
import { attack } from "../attack.js";
import { expectNoDefect } from "../programs.js";
import { sceneMakers, sceneNames, undisturbedMs } from "../scenes.js";

export const pairs = attack(
  "pairs",
  5,
  fc.record({ of: fc.constantFrom(...sceneNames), later: fc.double({ min: 0, max: 0.8, noNaN: true }) }),
  async ({ of, later }) => {
    const ms = await undisturbedMs(of);
    const scene = await sceneMakers[of]();
    try {
      const first = scene.run();
      await sleep(later * ms);
      const both = await Promise.all([first.ended, scene.run(true).ended]);
      both.forEach(expectNoDefect);
      scene.expectNothingHalf();
      const passed = both.filter(({ status }) => status === 0).length;
      // Two runs of one project build in one folder: each can take the other's files away, and both report that.
      if (of !== "run") expect(passed, both.map(({ output }) => output).join("\n---\n")).toBeGreaterThan(0);
      await scene.expectWhole(await scene.run().ended);
      return `two of ${of}, ${passed} passed`;
    } finally {
      await scene.close();
    }
  },
);
