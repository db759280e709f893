import type { RequiredVerdict } from '../release/faults.js'
import { naming } from './inputs.js'
import type { InputDefinition, OutputDefinition } from './interface.js'
import { InputError, type Parser, flag, oneOf, optional, text, typed } from './parsers.js'

const input = <Value>(
  description: string,
  defaultText: string,
  parse: Parser<Value>,
): Omit<InputDefinition<Value>, 'parts'> => ({ description, default: defaultText, parse })

const repository = typed('string', (value): string => {
  if (!/^[\w.-]+\/[\w.-]+$/.test(value)) throw new InputError(value, 'OWNER/NAME')
  return value
})

/** The inputs of `release`. The token is none of the command line's options: other users can read these. */
export const releaseInputs = {
  folder: input(
    'Folder with the artifacts of `publish`, a folder for each, as actions/download-artifact puts them; relative to the workspace.',
    'artifacts',
    text,
  ),
  tag: input('The tag to release, a version such as v1.2.3. Empty: the tag that the workflow runs for.', '', optional(text)),
  repository: input('OWNER/NAME of the repository. Empty: that of the workflow.', '', optional(repository)),
  token: input('Token with `contents: write`. On the command line: the variable GITHUB_TOKEN.', '${{ github.token }}', text),
  notes: input('Markdown that a new release’s notes begin with, before what is generated.', '', text),
  'require-verdict': input(
    'not-failed: images that could not be booted, or were not, are released and marked so. passed: every image must have passed. One that failed is never released.',
    'not-failed',
    oneOf('not-failed', 'passed'),
  ),
  draft: input(
    'true: the release stays a draft with all its files, to be attested; called again with false, it is published.',
    'false',
    flag,
  ),
  signer: input(
    'Whose workflow attests the files, for the command in the notes that verifies them. repository: one of the released repository. action: a reusable one of the action’s repository.',
    'repository',
    oneOf('repository', 'action'),
  ),
} as const satisfies Readonly<Record<string, Omit<InputDefinition<unknown>, 'parts'>>>

/** The outputs of `release`. */
export const releaseOutputs = {
  'release-url': { description: 'Page of the release.' },
  'release-id': { type: 'integer', description: 'Number of the release, for the API.' },
  checksums: { description: 'Path of SHA256SUMS over all files of the release: `subject-checksums` of actions/attest.' },
  sbom: { description: 'Path of the SBOM (CycloneDX, JSON): `sbom-path` of actions/attest.' },
  assets: { description: 'JSON list of the files, each with its `name`, `bytes` and `sha256`.' },
} as const satisfies Readonly<Record<string, Omit<OutputDefinition, 'part'>>>

export type ReleaseInputName = keyof typeof releaseInputs

/** The inputs of `release` as the code reads them: parsed once, frozen. */
export interface ReleaseInputs {
  readonly folder: string
  readonly tag: string | undefined
  readonly repository: string | undefined
  /** Empty: none was given. */
  readonly token: string
  readonly notes: string
  readonly requireVerdict: RequiredVerdict
  readonly draft: boolean
  readonly signer: 'repository' | 'action'
}

/**
 * Parses the inputs of `release`.
 *
 * @param read the text of an input; undefined or empty: the input's default.
 * @throws Problem that names the first input that is wrong, what it got and what it takes.
 */
export function readReleaseInputs(read: (name: ReleaseInputName) => string | undefined): ReleaseInputs {
  const parsed = <Name extends Exclude<ReleaseInputName, 'token'>>(name: Name) =>
    naming(name, () => releaseInputs[name].parse(read(name)?.trim() || releaseInputs[name].default)) as ReturnType<(typeof releaseInputs)[Name]['parse']>
  return Object.freeze({
    folder: parsed('folder'),
    tag: parsed('tag'),
    repository: parsed('repository'),
    // Its default is an expression for the runner, which nothing else fills in.
    token: read('token')?.trim() ?? '',
    notes: parsed('notes'),
    requireVerdict: parsed('require-verdict'),
    draft: parsed('draft'),
    signer: parsed('signer'),
  })
}
