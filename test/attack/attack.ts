// What a kind of attack is, and how one is repeated for a time.
import fc from "fast-check";

export interface Attack {
  readonly name: string;
  /** Its part of the whole time, in proportion to the others'. */
  readonly share: number;
  /**
   * Attacks once; the same seed does the same.
   *
   * @returns what came of it, for the counts.
   * @throws Error with the input, where a promise is broken.
   */
  strike(seed: number): Promise<string>;
}

export function attack<Input>(
  name: string,
  share: number,
  inputs: fc.Arbitrary<Input>,
  strike: (input: Input) => Promise<string>,
): Attack {
  return {
    name,
    share,
    async strike(seed) {
      const input = fc.sample(inputs, { seed, numRuns: 1 })[0] as Input;
      try {
        return await strike(input);
      } catch (error) {
        const shown = fc.stringify(input);
        const text = shown.length <= 4_000 ? shown : `${shown.slice(0, 4_000)}… (${shown.length} characters)`;
        throw new Error(`${name}: broken by\n${text}`, { cause: error });
      }
    },
  };
}

export interface Course {
  readonly ms: number;
  readonly seed: number;
  /** At most so many attacks; undefined: until the time is over. */
  readonly times: number | undefined;
}

/**
 * Attacks until the time is over, and at least once.
 *
 * @returns how often each outcome came.
 * @throws Error that names the seed.
 */
export async function repeat(
  kind: Attack,
  { ms, seed: first, times = Infinity }: Course,
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  const end = performance.now() + ms;
  for (let seed = first; seed === first || (performance.now() < end && seed < first + times); seed++) {
    try {
      const outcome = await kind.strike(seed);
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    } catch (error) {
      const again = `npm run attack -- --only '${kind.name}' --seed ${seed} --times 1`;
      throw new Error(`seed ${seed}, again with: ${again}`, { cause: error });
    }
  }
  return counts;
}
