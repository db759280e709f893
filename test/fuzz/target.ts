// What a fuzz target is, and how one is run for a time.
import fc from "fast-check";
import { expect } from "vitest";

export interface FuzzTarget {
  readonly name: string;
  /** Checks one arbitrary input after another. It throws, or rejects, where a promise is broken. */
  readonly property: fc.IAsyncProperty<[unknown]>;
}

export function target<Value>(
  name: string,
  inputs: fc.Arbitrary<Value>,
  check: (input: Value) => void | Promise<void>,
): FuzzTarget {
  return { name, property: fc.asyncProperty(inputs, async (input) => check(input)) };
}

export interface FuzzOutcome {
  readonly executions: number;
  readonly seed: number;
}

/** So many inputs have one seed, which an error names. */
const batch = 200;

/**
 * Runs a target until its time is over.
 *
 * @throws Error with the seed and the smallest input that breaks it.
 */
export async function fuzz({ property }: FuzzTarget, ms: number, firstSeed: number): Promise<FuzzOutcome> {
  const end = performance.now() + ms;
  let executions = 0;
  let seed = firstSeed;
  for (; performance.now() < end; seed++) {
    const { failed, counterexample, error, numRuns } = await runDetails(property, seed, end - performance.now());
    executions += numRuns;
    if (failed) throw new Error(`after ${executions} executions, seed ${seed}: ${shown(counterexample)}\n${error}`);
  }
  return { executions, seed: firstSeed };
}

async function runDetails(property: fc.IAsyncProperty<[unknown]>, seed: number, ms: number) {
  const details = await fc.check(property, {
    seed,
    numRuns: batch,
    interruptAfterTimeLimit: Math.max(1, ms),
    markInterruptAsFailure: false,
  });
  const error =
    details.failed && details.errorInstance instanceof Error
      ? (details.errorInstance.stack ?? "")
      : String(details.failed ? details.errorInstance : "");
  // An interruption is no failure; without any run in its time there is nothing to tell.
  return {
    failed: details.failed && details.counterexample !== null,
    counterexample: details.counterexample,
    error,
    numRuns: details.numRuns,
  };
}

function shown(counterexample: unknown): string {
  const text = fc.stringify(counterexample);
  return text.length <= 4_000 ? text : `${text.slice(0, 4_000)}… (${text.length} characters)`;
}

/** What `work` returns; undefined if it throws an error for the user or the caller. Any other error is a finding. */
export function orRefused<Result>(
  work: () => Result,
  ...refusals: readonly (abstract new (...args: never[]) => Error)[]
): Result | undefined {
  try {
    return work();
  } catch (error) {
    if (refusals.some((refusal) => error instanceof refusal)) return undefined;
    throw error;
  }
}

/** Of processor time, whatever else the machine does. Inputs have about 128 kB: linear work takes some milliseconds. */
const mostMs = 2_000;

/** @throws when it takes longer than anything linear in the size of an input may. */
export function quickly<Result>(work: () => Result): Result {
  const start = process.cpuUsage();
  try {
    return work();
  } finally {
    const { user, system } = process.cpuUsage(start);
    expect((user + system) / 1000, "milliseconds of processor time").toBeLessThan(mostMs);
  }
}
