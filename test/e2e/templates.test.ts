// Every template as `init` writes it for a project of a few lines: in a runner, or in a shell with GitLab's variables. The
// project's build command makes examples/bare.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { writeOpamRepository } from '../integration/opam-repository.js'
import { type JobRun, type PreparedRepository, type WorkflowRun, prepareRepository, runWorkflow } from './harness.js'

const root = resolve(import.meta.dirname, '../..')
const standIns = resolve(import.meta.dirname, 'stand-ins')
const folder = mkdtempSync(join(tmpdir(), 'unikernel-ci-templates-'))
const commit = '0123456789abcdef0123456789abcdef01234567'
const action = `unikernel-ci/unikernel-ci@${commit}`

const command = ['--build-command', 'sh build.sh', '--ocaml-version', 'none']
const build = `make -s -C '${root}/examples/bare' ARCH="$ARCH" OUT="$OUT"\n`

let repository: PreparedRepository

beforeAll(async () => {
  repository = await prepareRepository({ from: root, as: action, files: { 'build.sh': build } })
})

afterAll(async () => {
  await repository.remove()
  rmSync(folder, { recursive: true, force: true })
})

/** Writes a template with the committed command line, and commits it: act reads the commit. */
function init(...options: readonly string[]): void {
  const cli = join(root, 'dist/cli/index.js')
  const reference = ['--owner', 'unikernel-ci', '--commit', commit, '--force']
  execFileSync(process.execPath, [cli, 'init', ...reference, ...command, ...options], { cwd: repository.folder })
  commitAll()
}

function commitAll(): void {
  const git = (...args: string[]) => execFileSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@example.org', ...args], { cwd: repository.folder })
  git('add', '--all')
  git('commit', '--quiet', '--allow-empty', '--message=A template')
}

/** Without anything on it, and at the same path each time: a toolchain is restored to where it was built. */
function freshMachine(): string {
  rmSync(join(folder, 'machine'), { recursive: true, force: true })
  return join(folder, 'machine')
}

interface Options {
  readonly job?: string
  readonly cachePath?: string
  readonly runnerPath?: string
  readonly event?: string
  readonly payload?: Readonly<Record<string, unknown>>
  readonly env?: Readonly<Record<string, string>>
  readonly labels?: readonly string[]
  readonly cacheService?: 'v1' | 'v2'
}

/** The actions of other people that a workflow uses, each with what stands for it here. */
function standInsOf(workflow: string): Record<string, string> {
  const uses = [...readFileSync(workflow, 'utf8').matchAll(/uses: (actions\/(download-artifact|upload-artifact)@\w+)/g)]
  return Object.fromEntries(uses.map(([, name = '', which = '']) => [name, join(standIns, which)]))
}

function run(workflow: string, options: Options = {}): Promise<WorkflowRun> {
  const place = mkdtempSync(join(folder, 'run-'))
  const called = join(root, '.github/workflows/unikernel.yml')
  return runWorkflow({
    repository,
    workflow,
    cachePath: join(place, 'caches'),
    artifactPath: join(place, 'artifacts'),
    cacheService: 'v2',
    standIns: { ...standInsOf(called), ...standInsOf(join(repository.folder, workflow)) },
    timeoutMs: 5 * 60_000,
    ...options,
  })
}

const results = (workflow: WorkflowRun) => workflow.jobs.map(({ result }) => result)
const outputs = (jobs: readonly JobRun[]) => jobs.flatMap(({ steps }) => steps.map((step) => step.outputs))
const verdicts = (workflow: WorkflowRun) =>
  outputs(workflow.jobs.filter(({ id }) => id !== 'collect')).flatMap((given) => (given['verdict-reason'] ? [given['verdict']] : []))

describe('a template for GitHub', () => {
  test.each([
    ['unikernel', ['--target', 'virtio']],
    ['portable', ['--target', 'virtio']],
    ['unikernel-dune', ['--target', 'virtio', '--build-system', 'command']],
  ])('%s builds, boots and publishes', async (template, options) => {
    init('--template', template, '--expect', 'Hello', '--accelerator', 'tcg', ...options)
    const ended = await run(`.github/workflows/${template}.yml`)
    expect(results(ended), ended.log).toEqual(['success'])
    expect(new Set(verdicts(ended)), ended.log).toEqual(new Set(['passed']))
    expect(ended.artifacts).toEqual(['unikernel-bare-virtio-x86_64'])
  })

  test('a boot that fails fails the job, and keeps the console', async () => {
    init('--template', 'unikernel', '--target', 'virtio', '--expect', 'never said', '--accelerator', 'tcg')
    const ended = await run('.github/workflows/unikernel.yml')
    expect(results(ended), ended.log).toEqual(['failure'])
    expect(ended.artifacts).toEqual(['unikernel-bare-virtio-x86_64'])
  })

  test('unikernel-unikraft does both architectures', async () => {
    init('--target', 'unikraft-qemu', '--boot', 'skip')
    const ended = await run('.github/workflows/unikernel-unikraft.yml')
    // examples/bare has a Unikraft image for aarch64 only, and is refused as one for x86_64.
    const resultOf = (arch: string) => ended.jobs.find(({ matrix }) => matrix['arch'] === arch)?.result
    expect([resultOf('x86_64'), resultOf('aarch64')], ended.log).toEqual(['failure', 'success'])
  })

  const targets = 'virtio x86_64\nunikraft-qemu aarch64'

  test('unikernel-matrix plans the legs and runs each', async () => {
    init('--template', 'unikernel-matrix', '--targets', targets, '--build-system', 'command', '--expect', 'Hello', '--accelerator', 'tcg')
    const ended = await run('.github/workflows/unikernel-matrix.yml')
    expect(results(ended), ended.log).toEqual(['success', 'success', 'success'])
    expect(ended.artifacts).toHaveLength(2)
  })

  test('unikernel-release builds what it releases', async () => {
    init('--template', 'unikernel-release', '--targets', targets, '--build-system', 'command', '--expect', 'Hello', '--accelerator', 'tcg')
    const ended = await run('.github/workflows/unikernel-release.yml', { job: 'unikernel', payload: { ref: 'refs/tags/v1.0.0' } })
    expect(results(ended), ended.log).toEqual(['success', 'success', 'success'])
    expect(ended.artifacts).toHaveLength(2)
  })

  test('warm-toolchains caches one toolchain for the targets that share it', async () => {
    const repositories = `test: ${writeOpamRepository(join(folder, 'opam-repository'))}`
    const newest = ['--ocaml-version', '', '--opam-repositories', repositories]
    init('--template', 'warm-toolchains', '--targets', 'virtio x86_64\nspt x86_64', '--build-system', 'command', ...newest)
    const cachePath = join(folder, 'warm')
    for (const hit of ['false', 'true']) {
      const ended = await run('.github/workflows/warm-toolchains.yml', { cachePath, runnerPath: freshMachine() })
      expect(ended.jobs.map(({ id, result }) => [id, result]), ended.log).toEqual([['plan', 'success'], ['toolchain', 'success']])
      expect(outputs(ended.jobs).flatMap((given) => given['cache-hit'] ?? []), ended.log).toEqual([hit])
    }
  })
})

test('the reusable workflow runs every leg and reports over all of them', async () => {
  const caller = `name: Called
on: push
permissions: {}
jobs:
  unikernel:
    permissions: { contents: read, actions: read }
    uses: unikernel-ci/unikernel-ci/.github/workflows/unikernel.yml@${commit}
    with:
      targets: |
        virtio         x86_64
        unikraft-qemu  aarch64
      build-system: command
      build-command: sh build.sh
      ocaml-version: none
      expect: Hello
      max-size: 10kB
`
  mkdirSync(join(repository.folder, '.github/workflows'), { recursive: true })
  writeFileSync(join(repository.folder, '.github/workflows/called.yml'), caller)
  commitAll()
  const ended = await run('.github/workflows/called.yml', { payload: { repository: { default_branch: 'main' } } })
  expect(new Set(results(ended)), ended.log).toEqual(new Set(['success']))
  const report = ended.jobs.find(({ summary }) => summary.includes('2 images: 2 passed'))
  expect(report, ended.log).toBeDefined()
  expect(report?.annotations.filter(({ level }) => level === 'warning'), report?.log).toHaveLength(2)
})

test.each(['forgejo', 'gitea'])('the template for %s runs with its variables', async (forge) => {
  init('--forge', forge, '--target', 'virtio', '--expect', 'Hello', '--accelerator', 'tcg')
  const path = `.${forge}/workflows/unikernel.yml`
  // act takes no addresses; Forgejo's and Gitea's runners do.
  const file = join(repository.folder, path)
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll('https://github.com/', ''))
  commitAll()
  const server = 'https://forge.example.org'
  const env = { GITHUB_SERVER_URL: server, GITHUB_API_URL: `${server}/api/v1`, FORGEJO_ACTIONS: 'true', GITEA_ACTIONS: 'true' }
  const ended = await run(path, { env, labels: ['docker'], cacheService: 'v1' })
  expect(results(ended), ended.log).toEqual(['success'])
  expect(ended.log).toContain('would upload bare.virtio')
})

/** The action as a server would give it, by its commit. */
function served(): { readonly address: string; readonly head: string } {
  const address = join(folder, 'served')
  if (!existsSync(address)) {
    cpSync(repository.action, address, { recursive: true })
    const git = (...args: string[]) => execFileSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@example.org', ...args], { cwd: address })
    git('init', '--quiet')
    git('add', '--all', '--force')
    git('commit', '--quiet', '--message=The action')
  }
  return { address, head: execFileSync('git', ['rev-parse', 'HEAD'], { cwd: address, encoding: 'utf8' }).trim() }
}

const artifactFiles = () => readdirSync(join(repository.folder, '_artifacts'), { recursive: true }).map(String)

test('GitLab’s script builds, boots and leaves the artifact', () => {
  init('--forge', 'gitlab', '--target', 'virtio', '--expect', 'Hello')
  const read = (path: string) => readFileSync(join(repository.folder, path), 'utf8')
  const pipeline = parse(read('.gitlab-ci.yml')) as { readonly include: readonly [{ readonly local: string; readonly inputs: Readonly<Record<string, string>> }] }
  const [{ local, inputs }] = pipeline.include
  const [spec, jobs] = parseAllDocuments(read(local)).map((document) => document.toJS() as unknown)
  const defaults = (spec as { readonly spec: { readonly inputs: Readonly<Record<string, { readonly default: string }>> } }).spec.inputs
  type Variable = string | { readonly value: string }
  const [job] = Object.values(jobs as Readonly<Record<string, { readonly script: readonly string[]; readonly variables: Readonly<Record<string, Variable>> }>>)
  if (job === undefined) throw new Error('the component has no job')
  const interpolated = (text: string) => text.replace(/\$\[\[ inputs\.([\w-]+) \]\]/g, (_, name: string) => inputs[name] ?? defaults[name]?.default ?? '')
  const variables = Object.entries(job.variables).map(([name, value]) => [name, interpolated(typeof value === 'string' ? value : value.value)])
  const { address, head } = served()
  execFileSync('sh', ['-e', '-c', job.script.join('\n')], {
    cwd: repository.folder,
    env: {
      ...process.env,
      ...(Object.fromEntries(variables) as Record<string, string>),
      ...{ CI: 'true', GITLAB_CI: 'true', CI_PROJECT_DIR: repository.folder, CI_SERVER_URL: 'https://gitlab.example.org' },
      ...{ UNIKERNEL_CI_REPOSITORY: address, UNIKERNEL_CI_COMMIT: head, GITHUB_ACTIONS: undefined, XDG_STATE_HOME: join(folder, 'state') },
    },
    stdio: 'pipe',
  })
  expect(artifactFiles()).toEqual(expect.arrayContaining(['unikernel-bare-virtio-x86_64/bare.virtio', 'unikernel-bare-virtio-x86_64/junit.xml']))
})

test('the Makefile fragment builds, boots and leaves the artifact', () => {
  rmSync(join(repository.folder, '_artifacts'), { recursive: true, force: true })
  init('--forge', 'shell', '--target', 'virtio', '--expect', 'Hello')
  const { address, head } = served()
  execFileSync('make', ['-f', 'unikernel.mk', 'unikernel', `UNIKERNEL_CI_REPOSITORY=${address}`, `UNIKERNEL_CI_COMMIT=${head}`], {
    cwd: repository.folder,
    env: { ...process.env, XDG_STATE_HOME: join(folder, 'state'), XDG_CACHE_HOME: join(folder, 'cache') },
    stdio: 'pipe',
  })
  expect(artifactFiles()).toContain('unikernel-bare-virtio-x86_64/bare.virtio')
})
