import { verdicts } from '../boot/verdict.js'
import { plannedArtifacts } from '../collect/overview.js'
import { type Growth, parseGrowth, parseSize } from '../collect/size.js'
import { naming } from './inputs.js'
import { type InputDefinition, type OutputDefinition } from './interface.js'
import { InputError, type Parser, optional, text, typed } from './parsers.js'

const input = <Value>(
  description: string,
  defaultText: string,
  parse: Parser<Value>,
): Omit<InputDefinition<Value>, 'parts'> => ({ description, default: defaultText, parse })

const sizes = typed('string', (value): number => {
  const bytes = parseSize(value)
  if (bytes === undefined) throw new InputError(value, 'a size such as 5MB, 800kB or 4MiB')
  return bytes
})

const growth = typed('string', (value): Growth => {
  const found = parseGrowth(value)
  if (found === undefined) throw new InputError(value, 'a part of the former size such as 5%, or a size such as 100kB')
  return found
})

/** The inputs of `collect`. */
export const collectInputs = {
  folder: input('Folder with the artifacts, each in a sub-folder of its name, as actions/download-artifact leaves them.', 'artifacts', text),
  baseline: input(
    'The same for an earlier run: the sizes are compared with its. A folder that is not there is a first run.',
    '',
    optional(text),
  ),
  matrix: input(
    'The output `matrix` of the matrix action: a leg of it without an artifact is then a row of the table too, and what is none of its legs is left out.',
    '',
    typed('string', plannedArtifacts),
  ),
  'max-size': input('The most that an image may have, such as 5MB; more is a warning.', '', optional(sizes)),
  'max-growth': input('The most that an image may have grown since the baseline, such as 5% or 100kB; more is a warning.', '', optional(growth)),
} as const satisfies Readonly<Record<string, Omit<InputDefinition<unknown>, 'parts'>>>

/** The outputs of `collect`. */
export const collectOutputs = {
  verdict: { type: verdicts, description: 'Over all legs: failed (also when a leg has no artifact), skipped or passed.' },
  checksums: { description: 'Path of the SHA256SUMS of all artifacts, in `folder`.' },
  junit: { description: 'Path of the JUnit XML file of all boots, in `folder`. Empty when nothing was booted.' },
} as const satisfies Readonly<Record<string, Omit<OutputDefinition, 'part'>>>

export type CollectInputName = keyof typeof collectInputs

/** The inputs of `collect` as the code reads them: parsed once, frozen. */
export interface CollectInputs {
  readonly folder: string
  readonly baseline: string | undefined
  /** Names of the artifacts that there should be; none: not known. */
  readonly planned: readonly string[]
  readonly maxSize: number | undefined
  readonly maxGrowth: Growth | undefined
}

/**
 * Parses the inputs of `collect`.
 *
 * @param read the text of an input; undefined or empty: the input's default.
 * @throws Problem that names the first input that is wrong, what it got and what it takes.
 */
export function readCollectInputs(read: (name: CollectInputName) => string | undefined): CollectInputs {
  const own = <Name extends CollectInputName>(name: Name) =>
    naming(name, () => collectInputs[name].parse(read(name)?.trim() || collectInputs[name].default)) as ReturnType<
      (typeof collectInputs)[Name]['parse']
    >
  return Object.freeze({
    folder: own('folder'),
    baseline: own('baseline'),
    planned: own('matrix'),
    maxSize: own('max-size'),
    maxGrowth: own('max-growth'),
  })
}
