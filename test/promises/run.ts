// `npm run promises [WORD]`: takes each protection of protections.ts out of a copy of the repository, and requires that the test which
// docs/threat-model.md names fails without it. WORD is a part of a promise, its test or the file of a protection.
import { type Judgement, judge, runTests } from './run-tests.js'
import type { Protection } from './protection.js'
import { protections } from './protections.js'
import { type Promised, patternOf, promises } from './threat-model.js'
import { type Tree, copyTree } from './tree.js'

/** Two cores are what a hosted runner has at least; each run of vitest is a process or two. */
const atOnce = 2
/** For the tests of one promise, which need seconds; one that comes to no end is ended then. */
const limitMs = { unit: 90_000, integration: 300_000, e2e: 600_000 } as const
type Kind = keyof typeof limitMs

const kindOf = ({ file }: Promised): Kind => (['integration', 'e2e'] as const).find((kind) => file.startsWith(`test/${kind}/`)) ?? 'unit'

interface Task {
  readonly promised: Promised
  readonly protection: Protection
}

function tasksFor(word: string): Task[] {
  const all = promises.flatMap((promised) => protections.filter(({ test }) => test === promised.test).map((protection) => ({ promised, protection })))
  return all.filter(({ promised, protection }) => [promised.promise, promised.test, protection.file].some((text) => text.toLowerCase().includes(word.toLowerCase())))
}

/** A test that fails by itself tells nothing: those that do not pass, with why. */
async function unfitAsTheyAre(tree: Tree, tasks: readonly Task[]): Promise<Map<string, string>> {
  const unfit = new Map<string, string>()
  for (const kind of Object.keys(limitMs) as Kind[]) {
    const asked = [...new Set(tasks.map(({ promised }) => promised).filter((promised) => kindOf(promised) === kind))]
    if (asked.length === 0) continue
    const files = [...new Set(asked.map(({ file }) => file))]
    const pattern = asked.map((promised) => `(?:${patternOf(promised)})`).join('|')
    const { tests, broken, ms } = await runTests(tree.folder, kind, files, pattern, 2 * limitMs[kind])
    console.log(`${asked.length} promises pass as they are, in ${seconds(ms)} (${kind})`)
    for (const promised of asked) {
      const own = tests.filter(({ name }) => new RegExp(patternOf(promised)).test(name))
      const bad = own.find(({ state }) => state !== 'passed')
      if (own.length === 0) unfit.set(promised.test, `no test has this name in ${promised.file} ${broken[0] ?? ''}`)
      else if (bad !== undefined) unfit.set(promised.test, `it is ${bad.state} as it is: ${bad.errors[0]?.message ?? 'what it needs is not here'}`)
    }
  }
  return unfit
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`

async function main(word: string): Promise<number> {
  const start = performance.now()
  const tasks = tasksFor(word)
  if (tasks.length === 0) throw new Error(`nothing has ${word}`)
  const trees = Array.from({ length: Math.min(atOnce, tasks.length) }, () => copyTree(tasks.map(({ protection }) => protection.file)))
  const results: (Task & Judgement)[] = []
  try {
    const [tree] = trees
    const unfit = tree === undefined ? new Map<string, string>() : await unfitAsTheyAre(tree, tasks)
    const left = [...tasks]
    const work = async (own: Tree) => {
      for (let task = left.shift(); task !== undefined; task = left.shift()) {
        const { promised, protection } = task
        const before = performance.now()
        const known = unfit.get(promised.test)
        const kind = kindOf(promised)
        const judgement: Judgement =
          known !== undefined
            ? { outcome: 'unfit', why: known }
            : judge(await own.without(protection, () => runTests(own.folder, kind, [promised.file], patternOf(promised), limitMs[kind])))
        results.push({ ...task, ...judgement })
        const isSingle = protections.filter(({ test, file }) => test === protection.test && file === protection.file).length === 1
        const piece = isSingle ? '' : `: ${protection.from.trim().replaceAll('\n', ' ').slice(0, 60)}`
        console.log(`${judgement.outcome.padEnd(8)} ${seconds(performance.now() - before).padStart(7)}  ${promised.test}  (${protection.file}${piece})  ${judgement.why}`)
      }
    }
    await Promise.all(trees.map(work))
  } finally {
    for (const tree of trees) tree.remove()
  }
  const bad = results.filter(({ outcome }) => outcome !== 'fails')
  const kept = new Set(results.map(({ promised }) => promised.promise))
  console.log(`${kept.size} promises, ${results.length} protections: the tests fail without ${results.length - bad.length}, and not without ${bad.length}, in ${seconds(performance.now() - start)}`)
  for (const { promised, protection, outcome, why } of bad) {
    console.log(`\n${outcome}: ${promised.promise}\n  test  ${promised.file}: ${promised.test}\n  file  ${protection.file}\n  from  ${protection.from}\n  to    ${protection.to}\n  why   ${why}`)
  }
  return bad.length === 0 ? 0 : 1
}

process.exitCode = await main(process.argv[2] ?? '')
