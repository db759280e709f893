// What earlier runs of `npm run promises` found: a run goes on where one was stopped, and repeats only what changed.
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Judgement } from "./run-tests.js";

/** A line of the file. */
interface Result extends Judgement {
  readonly key: string;
}

/** Only the files decide these results; the others may depend on the machine, and are found again each time. */
const isKept = ({ outcome }: Judgement) => outcome === "killed" || outcome === "survived";

/** A run that was killed may have left half a line. */
function resultIn(line: string): Result[] {
  try {
    return [JSON.parse(line) as Result];
  } catch {
    return [];
  }
}

/** Results by the key of a row, kept in a file of JSON lines. */
export class KnownResults {
  private readonly results: ReadonlyMap<string, Judgement>;

  constructor(private readonly file: string) {
    const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
    this.results = new Map(lines.flatMap(resultIn).map(({ key, ...judgement }) => [key, judgement]));
  }

  get(key: string): Judgement | undefined {
    return this.results.get(key);
  }

  add(key: string, { outcome, why }: Judgement): void {
    if (!isKept({ outcome, why })) return;
    mkdirSync(dirname(this.file), { recursive: true });
    appendFileSync(this.file, `\n${JSON.stringify({ key, outcome, why } satisfies Result)}`);
  }
}

/**
 * Returns the key of a row: a hash of all that decides about it. Other files of tests do not, as no test imports one,
 * and neither do the tables of protections.
 *
 * @param names of the files of a tree, relative to `folder`.
 * @param row the file of its test, and everything else that tells it from other rows.
 */
export function rowKeys(folder: string, names: readonly string[]): (testFile: string, row: object) => string {
  const isOther = (name: string) => name.endsWith(".test.ts") || name.startsWith("test/promises/protections/");
  const hashOf = (name: string) =>
    createHash("sha256")
      .update(readFileSync(join(folder, name)))
      .digest("hex");
  const common = names.filter((name) => !isOther(name)).map((name) => [name, hashOf(name)]);
  const shared = createHash("sha256").update(JSON.stringify(common)).digest("hex");
  return (testFile, row) =>
    createHash("sha256")
      .update(JSON.stringify([shared, testFile, hashOf(testFile), row]))
      .digest("hex");
}
