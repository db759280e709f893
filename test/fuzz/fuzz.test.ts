// Every reader of what others write, fed what nobody would write. FUZZ_MINUTES is for all targets together; FUZZ_ONLY
// is a part of a target's name; FUZZ_SEED repeats a run.
import { describe, expect, it } from "vitest";
import { type FuzzTarget, fuzz } from "./target.js";
import { answerTargets } from "./targets/answers.js";
import { consoleTargets } from "./targets/console.js";
import { imageTargets } from "./targets/images.js";
import { languageTargets } from "./targets/languages.js";
import { recordTargets } from "./targets/records.js";
import { reportTargets } from "./targets/reports.js";

const {
  FUZZ_MINUTES: minutes = "1",
  FUZZ_ONLY: only = "",
  FUZZ_SEED: seed = String(Date.now() % 0x7fff_0000),
} = process.env;
const all: readonly FuzzTarget[] = [
  ...imageTargets,
  ...consoleTargets,
  ...languageTargets,
  ...recordTargets,
  ...reportTargets,
  ...answerTargets,
];
const targets = all.filter(({ name }) => name.includes(only));
const msEach = (Number(minutes) * 60_000) / targets.length;

describe("fuzzing", () => {
  it.each(targets.map((target) => [target.name, target] as const))("%s", async (name, target) => {
    const { executions } = await fuzz(target, msEach, Number(seed));
    console.log(`${String(executions).padStart(9)} executions from seed ${seed}: ${name}`);
    expect(executions).toBeGreaterThan(0);
  });
});
