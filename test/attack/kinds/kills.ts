// SIGKILL at a random moment: nothing half-made is taken, and the next run works as if nothing had happened.
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { attack } from "../attack.js";
import { signal } from "../programs.js";
import { sceneMakers, sceneNames, undisturbedMs } from "../scenes.js";

/** At a part of the time that the work takes. */
const kill = fc.record({ at: fc.double({ min: 0, max: 1.02, noNaN: true }), group: fc.boolean() });

export const kills = attack(
  "kills",
  10,
  fc.record({ of: fc.constantFrom(...sceneNames), kills: fc.array(kill, { minLength: 1, maxLength: 2 }) }),
  async (input) => {
    const ms = await undisturbedMs(input.of);
    const scene = await sceneMakers[input.of]();
    let killed = 0;
    try {
      for (const { at, group } of input.kills) {
        const run = scene.run();
        await run.begun;
        await sleep(at * ms);
        if (group) signal(run, "SIGKILL");
        else run.child.kill("SIGKILL");
        const { status } = await run.ended;
        if (status === null) killed++;
        scene.expectNothingHalf();
      }
      await scene.expectWhole(await scene.run().ended);
    } finally {
      await scene.close();
    }
    return `${input.of} after ${killed}`;
  },
);
