import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import type { BuildRequest, PlannedStep } from "../../../src/project/plans/request.js";
import { StepOutput } from "../../../src/project/run-step.js";

const step = { name: "a step", argv: ["make"], cwd: "/", env: {} } as unknown as PlannedStep;
const request = { target: { backend: "none" } } as unknown as BuildRequest;

/** Bytes of memory that something still needs. */
function used(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().heapUsed;
}

test("of a step that prints without end what it said last is kept, and no more than 4 Mi characters", async () => {
  const printed = new StepOutput();
  const before = used();
  // As long as lines of a program get: 320 MB together.
  for (let index = 0; index < 20_000; index++) printed.line(`${index} `.padEnd(16 * 1024, String(index)));
  printed.line("the end");
  expect(used() - before).toBeLessThan(20e6);
  const { facts } = await printed.problem(step, 2, 1_000, undefined, request);
  expect(facts.evidence?.at(-1)).toBe("the end");
  expect(facts.because).toBeUndefined();
  expect(facts.evidence?.at(-2)).toMatch(/^19999 /);
});

test("a step that was killed is told as that: memory may have run out", async () => {
  const { facts } = await new StepOutput().problem(step, 137, 1_000, undefined, request);
  expect(facts.because).toBe("it was killed (SIGKILL), as Linux does when memory runs out");
});
