/** Lines of each console that are compared, from its end. */
const mostLines = 400;
/** Lines of the difference that are shown. */
const mostShown = 40;
/** Equal lines around each difference. */
const around = 1;

/**
 * What a console has that the one of an earlier run does not have, and the reverse. Times, addresses and durations do
 * not count.
 *
 * @returns lines with `+ `, `- ` or two spaces in front, and `…` where equal lines are left out; none for equal
 *   consoles.
 */
export function consoleDifference(now: readonly string[], before: readonly string[]): readonly string[] {
  const [fresh, former] = [now.slice(-mostLines), before.slice(-mostLines)];
  const all = difference(fresh, former);
  if (all.every(({ mark }) => mark === " ")) return [];
  const isShown = all.map((_, at) =>
    all.slice(Math.max(0, at - around), at + around + 1).some(({ mark }) => mark !== " "),
  );
  const shown = all.flatMap(({ mark, line }, at) => {
    if (isShown[at] === true) return [`${mark} ${line}`];
    return at === 0 || isShown[at - 1] === true ? ["…"] : [];
  });
  return shown.length <= mostShown ? shown : [...shown.slice(0, mostShown), "…"];
}

interface Difference {
  readonly mark: "+" | "-" | " ";
  readonly line: string;
}

/** By the longest common subsequence of lines: https://en.wikipedia.org/wiki/Longest_common_subsequence */
function difference(now: readonly string[], before: readonly string[]): readonly Difference[] {
  const [a, b] = [before.map(lasting), now.map(lasting)];
  const width = b.length + 1;
  const lengths = new Uint16Array((a.length + 1) * width);
  const at = (row: number, column: number) => lengths[row * width + column] ?? 0;
  for (let row = a.length - 1; row >= 0; row--) {
    for (let column = b.length - 1; column >= 0; column--) {
      lengths[row * width + column] =
        a[row] === b[column] ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const found: Difference[] = [];
  let [row, column] = [0, 0];
  while (row < a.length || column < b.length) {
    if (row < a.length && column < b.length && a[row] === b[column]) {
      found.push({ mark: " ", line: now[column] ?? "" });
      row += 1;
      column += 1;
    } else if (row < a.length && (column === b.length || at(row + 1, column) >= at(row, column + 1))) {
      found.push({ mark: "-", line: before[row] ?? "" });
      row += 1;
    } else {
      found.push({ mark: "+", line: now[column] ?? "" });
      column += 1;
    }
  }
  return found;
}

/** The part of a line that is the same in every run. */
function lasting(line: string): string {
  return line
    .slice(0, 1000)
    .replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?/g, "TIME")
    .replace(/\b\d\d:\d\d:\d\d(?:\.\d{1,9})?\b/g, "TIME")
    .replace(/^\[ {0,4}\d{1,12}\.\d{1,9}\]/, "TIME")
    .replace(/0x[0-9a-f]+|\b[0-9a-f]{8,16}\b/gi, "ADDRESS")
    .replace(/\b\d+(?:\.\d+)? ?(?:ns|us|µs|ms|s|Hz|kHz|MHz|GHz)\b/g, "DURATION")
    .trimEnd();
}
