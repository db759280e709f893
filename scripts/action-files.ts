import { stringify } from 'yaml'
import { collectInputs, collectOutputs } from '../src/actions/collect-interface.js'
import { type InputName, inputs, outputs, type Part, parts } from '../src/actions/interface.js'
import { matrixInputs, matrixOutputs, sharedInputs } from '../src/actions/matrix-interface.js'
import { releaseInputs, releaseOutputs } from '../src/actions/release-interface.js'

const author = 'The unikernel-ci authors'
const branding = { icon: 'box', color: 'orange' }

const titles: Readonly<Record<Part, readonly [name: string, description: string]>> = {
  setup: ['unikernel-ci setup', 'Installs a cached OCaml cross toolchain for unikernels.'],
  build: ['unikernel-ci build', 'Builds a unikernel and checks what the built file is.'],
  boot: ['unikernel-ci boot', 'Boots a unikernel and judges whether it works.'],
  publish: ['unikernel-ci publish', 'Publishes a unikernel with its console, checksums and build info.'],
}

/** The action.yml of one part: a JavaScript action, as steps with `run:` are given no cache and no artifact service. */
export function partAction(part: Part): string {
  const [name, description] = titles[part]
  return yaml({
    name,
    description,
    author,
    branding,
    inputs: inputsOf((owners) => owners.includes(part)),
    outputs: Object.fromEntries(
      Object.entries(outputs)
        .filter(([, output]) => output.part === part)
        .map(([output, { description }]) => [output, { description }]),
    ),
    runs: { using: 'node24', main: `../dist/${part}/index.js` },
  })
}

/** The action.yml of `matrix`, which is no part of a run: it plans the jobs that each run one. */
export function matrixAction(): string {
  const shared = Object.entries(inputs).filter(([name]) => sharedInputs.some((one) => one === name))
  return yaml({
    name: 'unikernel-ci matrix',
    description: 'Makes the matrix of a workflow from a readable list of targets.',
    author,
    branding,
    inputs: withoutParsers([...Object.entries(matrixInputs), ...shared]),
    outputs: matrixOutputs,
    runs: { using: 'node24', main: '../dist/matrix/index.js' },
  })
}

/** The action.yml of `collect`, which comes after all runs of a matrix. */
export function collectAction(): string {
  return yaml({
    name: 'unikernel-ci collect',
    description: 'Makes one report of the artifacts of all legs of a matrix.',
    author,
    branding,
    inputs: withoutParsers(Object.entries(collectInputs)),
    outputs: collectOutputs,
    runs: { using: 'node24', main: '../dist/collect/index.js' },
  })
}

/** The action.yml of `release`, which comes after all legs of a matrix. */
export function releaseAction(): string {
  return yaml({
    name: 'unikernel-ci release',
    description: 'Publishes the images of a run as a GitHub release: checksums, SBOM and build info first, public last.',
    author,
    branding,
    inputs: withoutParsers(Object.entries(releaseInputs)),
    outputs: releaseOutputs,
    runs: { using: 'node24', main: '../dist/release/index.js' },
  })
}

/**
 * The root action.yml: the four parts, one after the other. `$/part` is the part of this same repository at the commit
 * that the user pinned; `./part` would be in their checkout.
 */
export function rootAction(): string {
  return yaml({
    name: 'unikernel-ci',
    description: 'Builds MirageOS and OCaml unikernels with cached cross toolchains, boots them and publishes them.',
    author,
    branding,
    inputs: inputsOf(() => true),
    outputs: Object.fromEntries(
      Object.entries(outputs).map(([output, { description, part }]) => [
        output,
        { description, value: `\${{ steps.${part}.outputs.${output} }}` },
      ]),
    ),
    runs: { using: 'composite', steps: parts.map(step) },
  })
}

/** After a failed boot too, so that its console is kept; not without an image. */
const conditions: Readonly<Partial<Record<Part, string>>> = {
  publish: "${{ !cancelled() && steps.build.outcome == 'success' }}",
}

function step(part: Part): object {
  const condition = conditions[part]
  return {
    id: part,
    ...(condition === undefined ? {} : { if: condition }),
    uses: `$/${part}`,
    with: Object.fromEntries(inputNamesOf(part).map((name) => [name, handedOver(part, name)])),
  }
}

/** The user's `image` is a glob for `build`; the parts after it take the file that this found. */
function handedOver(part: Part, name: InputName): string {
  return name === 'image' && part !== 'build' ? '${{ steps.build.outputs.image }}' : `\${{ inputs.${name} }}`
}

/** The inputs of a part, in the order of the interface. */
export function inputNamesOf(part: Part): InputName[] {
  return (Object.keys(inputs) as InputName[]).filter((name) => inputs[name].parts.some((owner) => owner === part))
}

function inputsOf(isWanted: (owners: readonly Part[]) => boolean): object {
  return withoutParsers(Object.entries(inputs).filter(([, { parts: owners }]) => isWanted(owners)))
}

function withoutParsers(definitions: readonly (readonly [name: string, Definition])[]): Record<string, Definition> {
  return Object.fromEntries(definitions.map(([name, { description, default: value }]) => [name, { description, default: value }]))
}

interface Definition {
  readonly description: string
  readonly default: string
}

function yaml(content: object): string {
  const header = '# Generated from src/actions/interface.ts by `npm run generate`: change it there.\n'
  return header + stringify(content, { lineWidth: 120, blockQuote: 'literal' })
}
