import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { actionInput, collectingRunner, gitHubRunner, readableOutputs } from '../../../src/platform/github.js'

describe('the runner of Actions', () => {
  let folder = ''
  const file = (name: string) => readFileSync(join(folder, name), 'utf8')

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'unikernel-ci-'))
    for (const name of ['OUTPUT', 'ENV', 'PATH', 'STEP_SUMMARY']) {
      writeFileSync(join(folder, name), '')
      vi.stubEnv(`GITHUB_${name}`, join(folder, name))
    }
  })
  afterEach(() => void vi.unstubAllEnvs())

  it('keeps a value with line feeds one output', () => {
    gitHubRunner(process.env).setOutput('image', 'a\nverdict=passed')
    expect(file('OUTPUT')).toMatch(/^image<<(ghadelimiter_\S+)\na\nverdict=passed\n\1\n$/)
  })

  it('appends to the summary', async () => {
    const runner = gitHubRunner(process.env)
    await runner.appendSummary('one')
    await runner.appendSummary('two')
    expect(file('STEP_SUMMARY')).toBe('one\ntwo\n')
  })

  it('hands on variables and folders for PATH, the last folder first', () => {
    const runner = gitHubRunner(process.env)
    runner.exportVariable('OPAMROOT', '/x')
    runner.addPath('/first')
    runner.addPath('/second')
    expect(file('ENV')).toMatch(/^OPAMROOT<<(\S+)\n\/x\n\1\n$/)
    expect(file('PATH')).toBe('/first\n/second\n')
  })

  it('tells an input as the step has it, without the blanks around it', () => {
    expect(actionInput('ocaml-version', { 'INPUT_OCAML-VERSION': ' 5.4.1\n' })).toBe('5.4.1')
    expect(actionInput('two words', { INPUT_TWO_WORDS: 'x' })).toBe('x')
    expect(actionInput('image', {})).toBe('')
  })

  it('does without a summary where there is none', async () => {
    await expect(gitHubRunner({}).appendSummary('one')).resolves.toBeUndefined()
  })
})

describe('the runner of the command line', () => {
  it('remembers what was handed on', async () => {
    const runner = collectingRunner()
    runner.setOutput('image', 'www.hvt')
    runner.setOutput('artifact-id', '')
    runner.exportVariable('OPAMROOT', '/x')
    runner.addPath('/first')
    runner.addPath('/second')
    await runner.appendSummary('# s')
    expect(runner).toMatchObject({
      outputs: { image: 'www.hvt' },
      variables: { OPAMROOT: '/x' },
      path: ['/second', '/first'],
      summaries: ['# s'],
    })
    expect(readableOutputs(runner.outputs)).toEqual(['image  www.hvt'])
  })
})
