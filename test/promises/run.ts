// `npm run promises [WORD]`: takes each protection of protections.ts out of a copy of the repository, and requires that
// an assertion of the test which docs/threat-model.md names fails without it. WORD is a part of a promise, its test (or
// that one's file), or the file or the mark of a protection. Results are kept in .cache/promises.jsonl for as long as
// no file changes that they depend on.
import { join } from "node:path";
import { root } from "../documentation.js";
import { KnownResults, rowKeys } from "./known-results.js";
import { type Change, changeWithout } from "./marks.js";
import type { Piece } from "./protection.js";
import { protections } from "./protections.js";
import { type AskedTests, type Judgement, type Kind, type Patience, judge, runTests } from "./run-tests.js";
import { programChecker } from "./still-a-program.js";
import { type Promised, patternOf, promises } from "./threat-model.js";
import { type Tree, copyTree, filesOfTree } from "./tree.js";

/** Two cores are what a hosted runner has at least; each run of vitest is a process or two. */
const atOnce = 2;
const minuteMs = 60_000;
/** Longer than the time limit of a test of that kind, which ends most tests that hang. */
const runMs: Readonly<Record<Kind, number>> = { unit: 5 * minuteMs, integration: 15 * minuteMs, e2e: 30 * minuteMs };
/** Of a run that has the machine for itself. */
const alone = (kind: Kind): Patience => ({ runMs: 3 * runMs[kind], testMs: 2 * runMs[kind] });

interface Row {
  readonly promised: Promised;
  readonly kind: Kind;
  readonly piece: Piece;
  readonly change: Change;
}

type JudgedRow = Row & Judgement;

const kindOf = ({ file }: Promised): Kind =>
  (["integration", "e2e"] as const).find((kind) => file.startsWith(`test/${kind}/`)) ?? "unit";

function rowsFor(word: string): Row[] {
  const has = (text: string) => text.toLowerCase().includes(word.toLowerCase());
  return promises
    .flatMap((promised) =>
      protections
        .filter(({ test }) => test === promised.test)
        .map(({ piece }) => ({ promised, kind: kindOf(promised), piece, change: changeWithout(piece) })),
    )
    .filter(({ promised, piece, change }) =>
      [promised.promise, promised.file, promised.test, change.file, nameOf(piece)].some(has),
    );
}

/** The mark, or the beginning of the text. */
function nameOf(piece: Piece): string {
  if (typeof piece === "string") return piece;
  return "mark" in piece ? piece.mark : piece.from.trim().replaceAll("\n", " ").slice(0, 60);
}

const testsOf = ({ kind, promised }: Row): AskedTests => ({
  kind,
  files: [promised.file],
  pattern: patternOf(promised),
});

/**
 * A test that does not pass with its protection proves nothing.
 *
 * @returns why not, by the test's name in the threat model.
 */
async function unfitTests(tree: Tree, rows: readonly Row[]): Promise<Map<string, string>> {
  const unfit = new Map<string, string>();
  for (const kind of Object.keys(runMs) as Kind[]) {
    const asked = [...new Set(rows.filter((row) => row.kind === kind).map(({ promised }) => promised))];
    if (asked.length === 0) continue;
    const files = [...new Set(asked.map(({ file }) => file))];
    const pattern = asked.map((promised) => `(?:${patternOf(promised)})`).join("|");
    const { tests, broken, ms } = await runTests(tree.folder, { kind, files, pattern }, alone(kind));
    for (const promised of asked) {
      const own = tests.filter(({ name }) => new RegExp(patternOf(promised)).test(name));
      const bad = own.find(({ state }) => state !== "passed");
      if (own.length === 0) unfit.set(promised.test, `no test has this name in ${promised.file} ${broken[0] ?? ""}`);
      else if (bad !== undefined) {
        const error = bad.errors[0]?.message ?? "what it needs is missing";
        unfit.set(promised.test, `with its protection it is ${bad.state}: ${error}`);
      }
    }
    const passed = asked.filter(({ test }) => !unfit.has(test)).length;
    console.log(`${asked.length} promises of ${kind} tests: ${passed} pass with their protections, in ${seconds(ms)}`);
  }
  return unfit;
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

function show({ promised, piece, change }: Row, { outcome, why }: Judgement, ms?: number): void {
  const time = ms === undefined ? "known" : seconds(ms);
  console.log(`${outcome.padEnd(9)} ${time.padStart(7)}  ${promised.test}  (${change.file}: ${nameOf(piece)})  ${why}`);
}

/** Judges the rows, two at a time; those that a time limit ended once more, alone. */
async function judgeRows(
  rows: readonly Row[],
  copies: readonly [Tree, ...Tree[]],
  onJudged: (row: Row, judgement: Judgement) => void,
): Promise<JudgedRow[]> {
  const whyNoProgram = programChecker();
  const unfit = await unfitTests(copies[0], rows);
  const judged: JudgedRow[] = [];
  const undecided: Row[] = [];
  const judgeIn = async ({ folder, without }: Tree, row: Row, patience: Patience) => {
    const start = performance.now();
    const why = unfit.get(row.promised.test) ?? whyNoProgram(row.change);
    const judgement: Judgement =
      why !== undefined
        ? { outcome: "unfit", why }
        : judge(await without(row.change, () => runTests(folder, testsOf(row), patience)));
    show(row, judgement, performance.now() - start);
    return judgement;
  };
  const keep = (row: Row, judgement: Judgement) => {
    onJudged(row, judgement);
    judged.push({ ...row, ...judgement });
  };
  const left = [...rows];
  const work = async (copy: Tree) => {
    for (let row = left.shift(); row !== undefined; row = left.shift()) {
      const judgement = await judgeIn(copy, row, { runMs: runMs[row.kind] });
      if (judgement.outcome === "undecided") undecided.push(row);
      else keep(row, judgement);
    }
  };
  await Promise.all(copies.map(work));
  for (const row of undecided) keep(row, await judgeIn(copies[0], row, alone(row.kind)));
  return judged;
}

function summarise(rows: readonly JudgedRow[], ms: number): void {
  const count = (asked: Judgement["outcome"]) => rows.filter(({ outcome }) => outcome === asked).length;
  for (const { promised, piece, change, outcome, why } of rows.filter((row) => row.outcome !== "killed"))
    console.log(
      [
        `\n${outcome}: ${promised.promise}`,
        `test  ${promised.file}: ${promised.test}`,
        `at    ${change.file}: ${nameOf(piece)}`,
        `to    ${change.to}`,
        `why   ${why}`,
      ].join("\n  "),
    );
  const promised = new Set(rows.map(({ promised: { promise } }) => promise)).size;
  const counts = (["killed", "survived", "undecided", "unfit"] as const).map((name) => `${count(name)} ${name}`);
  console.log(`\n${promised} promises, ${rows.length} protections: ${counts.join(", ")}, in ${seconds(ms)}`);
}

async function main(word: string): Promise<number> {
  const start = performance.now();
  const rows = rowsFor(word);
  if (rows.length === 0) throw new Error(`no promise has ${word}`);
  const files = filesOfTree();
  const keyOf = rowKeys(root, files);
  const keys = new Map(rows.map((row) => [row, keyOf(row.promised.file, { ...row.promised, ...row.change })]));
  const results = new KnownResults(join(root, ".cache/promises.jsonl"));
  const known = rows.flatMap((row) => {
    const judgement = results.get(keys.get(row) ?? "");
    return judgement === undefined ? [] : [{ ...row, ...judgement }];
  });
  for (const row of known) show(row, row);
  const isKnown = new Set(known.map(({ change }) => change));
  const asked = rows.filter(({ change }) => !isKnown.has(change));
  const copies: Tree[] = [];
  try {
    const changed = asked.map(({ change }) => change.file);
    while (copies.length < Math.min(atOnce, asked.length)) copies.push(copyTree(files, changed));
    const [first, ...others] = copies;
    const judged =
      first === undefined
        ? []
        : await judgeRows(asked, [first, ...others], (row, judgement) => results.add(keys.get(row) ?? "", judgement));
    const all = [...known, ...judged];
    summarise(all, performance.now() - start);
    return all.every(({ outcome }) => outcome === "killed") ? 0 : 1;
  } finally {
    for (const copy of copies) copy.remove();
  }
}

// As at an end of its own: copies and what runs in them are gone then.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
process.exitCode = await main(process.argv[2] ?? "");
