import type { MatrixRequest } from '../matrix/plan.js'
import type { RunnerLabels } from '../matrix/runner.js'
import type { Grouping } from '../matrix/strategy.js'
import type { ProjectInputs } from '../project/detect.js'
import { type Architecture, architectureOf, architectureWords } from '../target/architecture.js'
import { hostedRunners } from '../toolchain/packages.js'
import { naming, parseInput } from './inputs.js'
import type { InputDefinition, InputName, OutputDefinition, inputs } from './interface.js'
import { InputError, type Parser, integer, lines, oneOf, optional, text, typed } from './parsers.js'

const input = <Value>(
  description: string,
  defaultText: string,
  parse: Parser<Value>,
): Omit<InputDefinition<Value>, 'parts'> => ({ description, default: defaultText, parse })

/** GitHub runs no more jobs of one matrix: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstrategymatrix */
const mostJobs = 256

const runners = typed('lines', (value): RunnerLabels => {
  const named: Partial<Record<Architecture, readonly string[]>> = {}
  for (const line of lines(value)) {
    const [, word = '', list = ''] = /^(\w+):(.*)$/.exec(line) ?? []
    const architecture = architectureOf(word)
    const labels = list.split(',').map((label) => label.trim())
    if (architecture === undefined || labels.includes('')) {
      throw new InputError(line, `\`ARCH: LABEL[, LABEL]\`, one a line, such as \`aarch64: self-hosted, arm64\`; ARCH: ${architectureWords.join(', ')}`)
    }
    if (named[architecture] !== undefined) throw new InputError(line, `one line for ${architecture}`)
    named[architecture] = labels
  }
  return named
})

/** The inputs that only `matrix` has. */
export const matrixInputs = {
  targets: input(
    'The legs, one target a line: `hvt x86_64 aarch64`, then options: `ocaml=5.4.1`, `variant=NAME`, `configure-args="--a --b"`, `runner=ARCH`. Quotes are understood, `#` begins a comment.',
    '',
    typed('lines', (value) => value),
  ),
  'on-unsupported': input(
    'A leg that cannot be built: fail (all of them are named), or skip (it is left out, with a notice).',
    'fail',
    oneOf('fail', 'skip'),
  ),
  group: input(
    'none: a job for each leg. toolchain: a job for all legs that share a toolchain and a runner; `matrix.legs` is their JSON list.',
    'none',
    oneOf('none', 'toolchain'),
  ),
  'runs-on': input(
    `Runners by the architecture of the machine, one \`ARCH: LABEL[, LABEL]\` a line. A line for aarch64 sends all legs for aarch64 there. Otherwise: ${hostedRunners.x86_64}, and ${hostedRunners.aarch64} for what x86_64 machines do not build well.`,
    '',
    runners,
  ),
  'max-legs': input(`The most legs that the list may have, up to ${mostJobs}.`, '100', integer(1, mostJobs)),
  unikernel: input('Name of the unikernel in the artifacts’ names. Empty: that of the project’s folder.', '', optional(text)),
} as const satisfies Readonly<Record<string, Omit<InputDefinition<unknown>, 'parts'>>>

/** The outputs of `matrix`. */
export const matrixOutputs = {
  matrix: { description: 'For `strategy.matrix`, by `fromJSON`: see docs/matrix.md.' },
} as const satisfies Readonly<Record<string, Omit<OutputDefinition, 'part'>>>

/** The inputs of other parts that `matrix` takes too: they decide versions, and are to be given to `setup` alike. */
export const sharedInputs = [
  'directory',
  'config-file',
  'build-system',
  'lock',
  'ocaml-version',
  'mirage-version',
  'solo5-version',
  'ocaml-solo5-version',
  'ocaml-unikraft-version',
] as const satisfies readonly InputName[]

type OwnName = keyof typeof matrixInputs
type SharedName = (typeof sharedInputs)[number]
export type MatrixInputName = OwnName | SharedName

/** The inputs of `matrix` as the code reads them: parsed once, frozen. */
export interface MatrixInputs extends MatrixRequest, Omit<ProjectInputs, 'buildCommand'> {
  readonly group: Grouping
}

/**
 * Parses the inputs of `matrix`.
 *
 * @param read the text of an input; undefined or empty: the input's default.
 * @throws Problem that names the first input that is wrong, what it got and what it takes.
 */
export function readMatrixInputs(read: (name: MatrixInputName) => string | undefined): MatrixInputs {
  const own = <Name extends OwnName>(name: Name) =>
    naming(name, () => matrixInputs[name].parse(read(name)?.trim() || matrixInputs[name].default)) as Parsed<typeof matrixInputs, Name>
  const shared = <Name extends SharedName>(name: Name) => naming(name, () => parseInput(name, read(name))) as Parsed<typeof inputs, Name>
  return Object.freeze({
    targets: own('targets'),
    onUnsupported: own('on-unsupported'),
    group: own('group'),
    runsOn: own('runs-on'),
    maxLegs: own('max-legs'),
    unikernel: own('unikernel'),
    directory: shared('directory'),
    configFile: shared('config-file'),
    buildSystem: shared('build-system'),
    lock: shared('lock'),
    ocamlVersion: shared('ocaml-version'),
    mirageVersion: shared('mirage-version'),
    solo5Version: shared('solo5-version'),
    ocamlSolo5Version: shared('ocaml-solo5-version'),
    ocamlUnikraftVersion: shared('ocaml-unikraft-version'),
  })
}

type Parsed<Definitions extends Readonly<Record<string, { readonly parse: (text: string) => unknown }>>, Name extends keyof Definitions> =
  ReturnType<Definitions[Name]['parse']>
