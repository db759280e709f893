// Writes what is made from src/actions/interface.ts: the action.yml of the root and of each part, the inputs of the reusable
// workflows with what hands them on, and the tables of the README and of the documentation.
// `npm run generate` writes; with `-- --check` it names each file that is not what it would write, and exits 1.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parts } from '../src/actions/interface.js'
import { collectAction, matrixAction, partAction, releaseAction, rootAction } from './action-files.js'
import { matrixTable, releaseTables, reusableTables, withTables } from './readme-tables.js'
import { releaseWorkflowInputs, unikernelInputs, withWorkflowInputs } from './workflow-files.js'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

const reusable = '.github/workflows/unikernel.yml'
const reusableRelease = '.github/workflows/unikernel-release.yml'

/** The generated files, as they should be: path relative to the repository, and content. */
export function generatedFiles(): ReadonlyMap<string, string> {
  return new Map([
    ['action.yml', rootAction()],
    ...parts.map((part) => [`${part}/action.yml`, partAction(part)] as const),
    ['matrix/action.yml', matrixAction()],
    ['collect/action.yml', collectAction()],
    ['release/action.yml', releaseAction()],
    [reusable, withWorkflowInputs(contentOf(reusable), unikernelInputs())],
    [reusableRelease, withWorkflowInputs(contentOf(reusableRelease), releaseWorkflowInputs())],
    ['docs/reusable-workflow.md', reusableTables(contentOf('docs/reusable-workflow.md'))],
    ['docs/matrix.md', matrixTable(contentOf('docs/matrix.md'))],
    ['docs/releases.md', releaseTables(contentOf('docs/releases.md'))],
    ['README.md', withTables(contentOf('README.md'))],
  ])
}

/** What the repository has at a path; empty for a file that is not there. */
export function contentOf(path: string): string {
  try {
    return readFileSync(join(root, path), 'utf8')
  } catch {
    return ''
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const stale = [...generatedFiles()].filter(([path, content]) => contentOf(path) !== content)
  if (process.argv.includes('--check')) {
    for (const [path] of stale) console.error(`${path} is stale: run \`npm run generate\` and commit it`)
    if (stale.length > 0) process.exitCode = 1
  } else {
    for (const [path, content] of stale) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), content)
      console.log(`wrote ${path}`)
    }
  }
}
