import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { inputNamesOf } from '../../../scripts/action-files.js'
import { contentOf, generatedFiles } from '../../../scripts/generate.js'
import { inputTables } from '../../../scripts/tables.js'
import { inputs, outputs, parts } from '../../../src/actions/interface.js'
import { readInputs } from '../../../src/actions/inputs.js'

interface ActionFile {
  readonly inputs: Readonly<Record<string, { readonly description: string; readonly default: unknown }>>
  readonly outputs: Readonly<Record<string, { readonly value?: string }>>
  readonly runs: { readonly steps?: readonly Step[]; readonly main?: string; readonly using: string }
}

interface Step {
  readonly id: string
  readonly uses: string
  readonly if?: string
  readonly with: Readonly<Record<string, string>>
}

const action = (path: string) => parse(contentOf(path)) as ActionFile

describe('the generated files', () => {
  it.each([...generatedFiles()])('%s is what `npm run generate` writes', (path, content) => {
    expect(contentOf(path)).toBe(content)
  })

  it('a page that lost a marker is refused', () => {
    expect(() => inputTables('# no markers')).toThrow('a page has no line `<!-- inputs')
  })
})

describe('the root action', () => {
  const root = action('action.yml')
  const steps = root.runs.steps ?? []

  it('has every input, with its default as text', () => {
    expect(Object.keys(root.inputs)).toEqual(Object.keys(inputs))
    for (const [name, input] of Object.entries(root.inputs)) {
      expect(input.default, name).toBe(inputs[name as keyof typeof inputs].default)
    }
  })

  it('runs the parts in their order, at the commit of the root action', () => {
    expect(steps.map((step) => step.uses)).toEqual(parts.map((part) => `$/${part}`))
  })

  it.each(parts)('hands every input of %s on', (part) => {
    const step = steps.find(({ id }) => id === part)
    expect(Object.keys(step?.with ?? {})).toEqual(inputNamesOf(part))
    for (const [name, value] of Object.entries(step?.with ?? {})) {
      if (name === 'image' && part !== 'build') expect(value).toBe('${{ steps.build.outputs.image }}')
      else expect(value).toBe(`\${{ inputs.${name} }}`)
    }
  })

  it('leaves no input unused', () => {
    const used = new Set(steps.flatMap((step) => Object.keys(step.with)))
    expect(Object.keys(inputs).filter((name) => !used.has(name))).toEqual([])
  })

  it('gives every output, from the part that it is of', () => {
    for (const [name, { part }] of Object.entries(outputs)) {
      expect(root.outputs[name]?.value).toBe(`\${{ steps.${part}.outputs.${name} }}`)
    }
    expect(Object.keys(root.outputs)).toEqual(Object.keys(outputs))
  })

  it('publishes after a failed boot, and not after a failed build', () => {
    expect(steps.find(({ id }) => id === 'publish')?.if).toBe("${{ !cancelled() && steps.build.outcome == 'success' }}")
  })
})

describe.each(parts)('the action %s', (part) => {
  const { runs, inputs: own } = action(`${part}/action.yml`)

  it('runs its bundle, and takes its inputs only', () => {
    expect(runs).toEqual({ using: 'node24', main: `../dist/${part}/index.js` })
    expect(Object.keys(own)).toEqual(inputNamesOf(part))
  })
})

describe('the defaults', () => {
  it('are accepted by their own parsers', () => {
    expect(readInputs(() => undefined)).toMatchObject({ target: undefined, boot: 'auto', timeout: 60, artifact: true })
  })
})
