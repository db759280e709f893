import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import type { BuildRequest, PlannedStep } from "../../../src/project/plans/request.js";
import { StepOutput } from "../../../src/project/run-step.js";

const step = { name: "a step", argv: ["make"], cwd: "/", env: {} } as unknown as PlannedStep;
const request = { target: { backend: "none" } } as unknown as BuildRequest;

/** Bytes of reachable memory. */
function used(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().heapUsed;
}

test("the end of a step’s output is kept, and at most 4 Mi characters", async () => {
  const printed = new StepOutput();
  const before = used();
  // The longest lines that a program's output is split into: 48 MB in total.
  for (let index = 0; index < 3_000; index++) printed.line(`${index} `.padEnd(16 * 1024, String(index)));
  printed.line("the end");
  expect(used() - before).toBeLessThan(20e6);
  const { facts } = await printed.problem(step, 2, 1_000, undefined, request);
  expect(facts.evidence?.at(-1)).toBe("the end");
  expect(facts.because).toBeUndefined();
  expect(facts.evidence?.at(-2)).toMatch(/^2999 /);
});

test("a killed step: the error says that memory may have run out", async () => {
  const { facts } = await new StepOutput().problem(step, 137, 1_000, undefined, request);
  expect(facts.because).toBe("it was killed (SIGKILL), as Linux does when memory runs out");
});
