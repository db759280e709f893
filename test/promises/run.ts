// `npm run promises [WORD]`: takes each protection of protections.ts out of a copy of the repository, and requires that the test which
// docs/threat-model.md names fails without it. WORD is a part of a promise, its test, or the file or the mark of a protection.
import { type Change, changeWithout } from "./marks.js";
import type { Piece } from "./protection.js";
import { protections } from "./protections.js";
import { type Judgement, judge, runTests } from "./run-tests.js";
import { programChecker } from "./still-a-program.js";
import { type Promised, patternOf, promises } from "./threat-model.js";
import { type Tree, copyTree } from "./tree.js";

/** Two cores are what a hosted runner has at least; each run of vitest is a process or two. */
const atOnce = 2;
/** For the tests of one promise, which need seconds; one that comes to no end is ended then. */
const limitMs = { unit: 90_000, integration: 300_000, e2e: 600_000 } as const;
type Kind = keyof typeof limitMs;

interface Task {
  readonly promised: Promised;
  readonly kind: Kind;
  readonly piece: Piece;
  readonly change: Change;
}

const kindOf = ({ file }: Promised): Kind =>
  (["integration", "e2e"] as const).find((kind) => file.startsWith(`test/${kind}/`)) ?? "unit";

function tasksFor(word: string): Task[] {
  const has = (text: string) => text.toLowerCase().includes(word.toLowerCase());
  return promises
    .flatMap((promised) =>
      protections
        .filter(({ test }) => test === promised.test)
        .map(({ piece }) => ({ promised, kind: kindOf(promised), piece, change: changeWithout(piece) })),
    )
    .filter(({ promised, piece, change }) => [promised.promise, promised.test, change.file, nameOf(piece)].some(has));
}

/** The mark, or the beginning of the text. */
function nameOf(piece: Piece): string {
  if (typeof piece === "string") return piece;
  return "mark" in piece ? piece.mark : piece.from.trim().replaceAll("\n", " ").slice(0, 60);
}

/** A test that does not pass by itself tells nothing. @returns why, by the test's name in the threat model. */
async function unfitAsTheyAre(tree: Tree, tasks: readonly Task[]): Promise<Map<string, string>> {
  const unfit = new Map<string, string>();
  for (const kind of Object.keys(limitMs) as Kind[]) {
    const asked = [...new Set(tasks.filter((task) => task.kind === kind).map(({ promised }) => promised))];
    if (asked.length === 0) continue;
    const pattern = asked.map((promised) => `(?:${patternOf(promised)})`).join("|");
    const { tests, broken, ms } = await runTests(
      tree.folder,
      kind,
      [...new Set(asked.map(({ file }) => file))],
      pattern,
      4 * limitMs[kind],
    );
    for (const promised of asked) {
      const own = tests.filter(({ name }) => new RegExp(patternOf(promised)).test(name));
      const bad = own.find(({ state }) => state !== "passed");
      if (own.length === 0) unfit.set(promised.test, `no test has this name in ${promised.file} ${broken[0] ?? ""}`);
      else if (bad !== undefined)
        unfit.set(
          promised.test,
          `it is ${bad.state} as it is: ${bad.errors[0]?.message ?? "what it needs is not here"}`,
        );
    }
    console.log(
      `${asked.length} promises of ${kind} tests: ${asked.filter(({ test }) => !unfit.has(test)).length} pass as they are, in ${seconds(ms)}`,
    );
  }
  return unfit;
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

/** One line of the table. */
function line({ promised, piece, change }: Task, { outcome, why }: Judgement, ms: number): string {
  return `${outcome.padEnd(8)} ${seconds(ms).padStart(7)}  ${promised.test}  (${change.file}: ${nameOf(piece)})  ${why}`;
}

async function main(word: string): Promise<number> {
  const start = performance.now();
  const tasks = tasksFor(word);
  if (tasks.length === 0) throw new Error(`no promise has ${word}`);
  const whyNoProgram = programChecker();
  const noPrograms = new Map(tasks.map(({ change }) => [change, whyNoProgram(change)]));
  const files = tasks.map(({ change }) => change.file);
  const first = copyTree(files);
  const trees = [first, ...Array.from({ length: Math.min(atOnce, tasks.length) - 1 }, () => copyTree(files))];
  const results: (Task & Judgement)[] = [];
  try {
    const unfit = await unfitAsTheyAre(first, tasks);
    const left = [...tasks];
    const work = async ({ folder, without }: Tree) => {
      for (let task = left.shift(); task !== undefined; task = left.shift()) {
        const { promised, kind, change } = task;
        const before = performance.now();
        const known = unfit.get(promised.test) ?? noPrograms.get(change);
        const judgement: Judgement =
          known !== undefined
            ? { outcome: "unfit", why: known }
            : judge(
                await without(change, () =>
                  runTests(folder, kind, [promised.file], patternOf(promised), limitMs[kind]),
                ),
              );
        results.push({ ...task, ...judgement });
        console.log(line(task, judgement, performance.now() - before));
      }
    };
    await Promise.all(trees.map(work));
  } finally {
    for (const tree of trees) tree.remove();
  }
  const bad = results.filter(({ outcome }) => outcome !== "fails");
  const kept = new Set(results.map(({ promised }) => promised.promise)).size;
  console.log(
    `${kept} promises, ${results.length} protections: the tests fail without ${results.length - bad.length}, and not without ${bad.length}, in ${seconds(performance.now() - start)}`,
  );
  for (const { promised, piece, change, outcome, why } of bad) {
    console.log(
      `\n${outcome}: ${promised.promise}\n  test  ${promised.file}: ${promised.test}\n  at    ${change.file}: ${nameOf(piece)}\n  to    ${change.to}\n  why   ${why}`,
    );
  }
  return bad.length === 0 ? 0 : 1;
}

// As at an end of its own: copies and what runs in them are gone then.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
process.exitCode = await main(process.argv[2] ?? "");
