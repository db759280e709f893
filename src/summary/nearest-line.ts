/** A line that has less in common with a pattern is another line. */
const leastAlike = 0.45;
const longest = 300;

/**
 * The line that came instead of an expected one: `Listening on port 8080` for `listening on port 80`.
 *
 * @param pattern a regular expression, read as text.
 * @returns undefined when no line is like it.
 */
export function nearestLine(pattern: string, lines: readonly string[]): string | undefined {
  const wanted = pairsOf(pattern.replace(/\\(?=\W)|[\^$]/g, ""));
  const rated = lines.map((line) => ({ line, alike: likeness(wanted, pairsOf(line)) }));
  const best = rated.toSorted((a, b) => b.alike - a.alike)[0];
  return best !== undefined && best.alike >= leastAlike ? best.line : undefined;
}

/** The pairs of neighbours in a text, regardless of case. */
function pairsOf(text: string): ReadonlySet<string> {
  const letters = text.slice(0, longest).toLowerCase();
  return new Set(Array.from({ length: Math.max(0, letters.length - 1) }, (_, at) => letters.slice(at, at + 2)));
}

/** How much of the wanted pairs is there, less for each that is too many: a prefix of a log is not. 0 to 1. */
function likeness(wanted: ReadonlySet<string>, found: ReadonlySet<string>): number {
  if (wanted.size === 0 || found.size === 0) return 0;
  const common = [...wanted].filter((pair) => found.has(pair)).length;
  return common / (wanted.size + 0.25 * Math.max(0, found.size - wanted.size));
}
