/**
 * The known word that a person probably meant: with few typing errors between the two, or the only one that contains
 * the word as a part (`qemu` for `unikraft-qemu`). Capitals do not matter.
 *
 * @returns undefined when none is close, or the word itself is known.
 */
export function closest(word: string, known: readonly string[]): string | undefined {
  const given = word.trim().toLowerCase();
  if (given === "" || given.length > longest || known.some((one) => one.toLowerCase() === given)) return undefined;
  const distances = known.map((one) => ({ one, distance: typingErrors(given, one.toLowerCase()) }));
  const [best] = distances.sort((a, b) => a.distance - b.distance);
  if (best !== undefined && best.distance <= Math.max(1, Math.floor(given.length / 3))) return best.one;
  const containing = given.length < 3 ? [] : known.filter((one) => one.toLowerCase().split(/[-_]/).includes(given));
  return containing.length === 1 ? containing[0] : undefined;
}

/** `; did you mean spt?`, or nothing. */
export function didYouMean(word: string, known: readonly string[]): string {
  const meant = closest(word, known);
  return meant === undefined ? "" : `; did you mean ${meant}?`;
}

const longest = 60;

/**
 * How many characters were left out, added, replaced or swapped with their neighbour: the optimal string alignment
 * distance.
 */
function typingErrors(one: string, other: string): number {
  let before: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let row = 1; row <= one.length; row++) {
    const current = [row];
    for (let column = 1; column <= other.length; column++) {
      const isSame = one[row - 1] === other[column - 1];
      const isSwapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      current.push(
        Math.min(
          (last[column] ?? 0) + 1,
          (current[column - 1] ?? 0) + 1,
          (last[column - 1] ?? 0) + (isSame ? 0 : 1),
          row > 1 && column > 1 && isSwapped ? (before[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    [before, last] = [last, current];
  }
  return last[other.length] ?? 0;
}
