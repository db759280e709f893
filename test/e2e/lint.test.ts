// What GitHub's users lint their workflows with passes on everything that we ship. The exceptions, each with its reason, are in
// .github/actionlint.yaml and .github/zizmor.yml; the templates need none.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { generatedFiles } from '../../scripts/generate.js'
import { withReference } from '../../src/init/reference.js'

const root = resolve(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'unikernel-ci-lint-'))
const ours = join(folder, 'ours')
const templates = join(folder, 'templates')

const installed = spawnSync(join(root, 'test/e2e/install-linters.sh'), { encoding: 'utf8' })
/** No registry gives them here; anything else that goes wrong fails. */
const cannotBeHad = installed.status === 3
if (cannotBeHad) console.warn(installed.stderr)
const [go = '', python = ''] = installed.stdout.trim().split('\n')
const actionlint = join(go, 'actionlint')
const zizmor = join(python, 'zizmor')
const schemas = join(python, 'check-jsonschema')

beforeAll(() => {
  expect([0, 3], installed.stderr).toContain(installed.status)
  cpSync(join(root, '.github'), join(ours, '.github'), { recursive: true })
  mkdirSync(join(templates, '.github/workflows'), { recursive: true })
  const reference = { owner: 'unikernel-ci', commit: '0123456789abcdef0123456789abcdef01234567' }
  for (const name of readdirSync(join(root, 'templates/github')).filter((file) => file.endsWith('.yml'))) {
    const text = readFileSync(join(root, 'templates/github', name), 'utf8')
    writeFileSync(join(templates, '.github/workflows', name), withReference(text, reference))
  }
  // actionlint looks for the root of a repository.
  for (const repository of [ours, templates]) mkdirSync(join(repository, '.git'))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

function check(program: string, args: readonly string[], cwd: string): void {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8' })
  expect(status, `${stdout}\n${stderr}`).toBe(0)
}

const workflowsOf = (repository: string) =>
  readdirSync(join(repository, '.github/workflows')).map((name) => join(repository, '.github/workflows', name))

describe.skipIf(cannotBeHad).each([
  ['our workflows', ours],
  ['the templates', templates],
])('%s', (_, repository) => {
  test('pass actionlint', () => check(actionlint, ['-no-color'], repository))
  test('pass zizmor, pedantic', () => check(zizmor, ['--offline', '--pedantic', '--no-progress', '.'], repository))
  test('are of the form that the schema has', () => check(schemas, ['--builtin-schema', 'vendor.github-workflows', ...workflowsOf(repository)], root))
})

test.skipIf(cannotBeHad)('a linter that passes everything would be seen', () => {
  const bad = join(folder, 'bad')
  mkdirSync(join(bad, '.github/workflows'), { recursive: true })
  mkdirSync(join(bad, '.git'))
  const text = 'on: pull_request_target\njobs:\n  x:\n    runs-on: ubuntu-24.04\n    step: []\n'
  writeFileSync(join(bad, '.github/workflows/bad.yml'), text)
  for (const [program, args] of [
    [actionlint, []],
    [zizmor, ['--offline', '--pedantic', '--no-progress', '.']],
    [schemas, ['--builtin-schema', 'vendor.github-workflows', '.github/workflows/bad.yml']],
  ] as const) {
    expect(spawnSync(program, args, { cwd: bad }).status, program).not.toBe(0)
  }
})

test.skipIf(cannotBeHad)('every action.yml is of the form that the schema has', () => {
  const generated = [...generatedFiles()].filter(([path]) => path.endsWith('action.yml'))
  const files = generated.map(([path, content]) => {
    const file = join(folder, 'actions', path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, content)
    return file
  })
  check(schemas, ['--builtin-schema', 'vendor.github-actions', ...files], root)
})

test.skipIf(cannotBeHad)('GitLab’s pipeline is of the form that the schema has', () => {
  check(schemas, ['--builtin-schema', 'vendor.gitlab-ci', '--data-transform', 'gitlab-ci', join(root, 'templates/gitlab/gitlab-ci.yml')], root)
})
