import { seconds, size } from '../platform/log.js'
import type { BootFacts, BuildInfo, ImageInfo, ToolchainFacts } from './build-info.js'
import { block, code, folded, prose, row } from './markup.js'

export interface SummaryFacts {
  readonly info: BuildInfo
  /** The last lines of each image's console, in the order of `info.images`. */
  readonly consoleEnds: readonly (readonly string[])[]
  /** Absent when nothing was uploaded. */
  readonly artifact: { readonly name: string; readonly url?: string } | undefined
}

/** The runner refuses a step's summary above 1 MiB, and then shows nothing at all of it. */
const mostBytes = 1_000_000

/** The Markdown of the job summary: a row for each image, what went wrong, and, folded, what it was made of. */
export function summary(facts: SummaryFacts): string {
  const { info, consoleEnds, artifact } = facts
  const sections = [
    table(info),
    ...info.images.map((image, index) => explanation(info, image, consoleEnds[index] ?? [])),
    artifact === undefined ? '' : artifactLine(artifact),
    folded('Versions and hashes', versions(info)),
  ]
  return capped(sections.filter((section) => section !== ''))
}

function table(info: BuildInfo): string {
  const header = ['unikernel', 'target', 'size', 'sha256', 'verdict', 'how', 'boot', 'toolchain']
  return [
    row(header),
    row(header.map(() => '---')),
    ...info.images.map((image) =>
      row([
        code(image.unikernel),
        `${info.target} ${info.architecture}`,
        size(image.bytes),
        code(image.sha256.slice(0, 12)),
        verdictCell(image.boot),
        howCell(image.boot),
        image.boot?.bootMs === undefined ? '' : seconds(image.boot.bootMs),
        toolchainCell(info.toolchain),
      ]),
    ),
  ].join('\n')
}

function verdictCell(boot: BootFacts | null): string {
  if (boot === null) return 'not booted'
  const text = `${boot.verdict}: ${prose(boot.summary)}`
  return boot.verdict === 'failed' ? `**${text}**` : text
}

const accelerators = { kvm: 'KVM', tcg: 'emulated', native: 'native' } as const

function howCell(boot: BootFacts | null): string {
  if (!boot?.accelerator) return ''
  const gaveUp = boot.attempts.slice(0, -1).map((attempt) => `${accelerators[attempt.accelerator]} failed`)
  return [accelerators[boot.accelerator], ...gaveUp].join(', ')
}

const sources = { 'tool-cache': 'tool cache', 'actions-cache': 'cache', built: 'built' } as const

function toolchainCell(toolchain: ToolchainFacts | null): string {
  return toolchain === null ? 'its own' : `${sources[toolchain.source]}, ${seconds(toolchain.ms)}`
}

/** A failure with its evidence, a skip with its reason; nothing for a boot that passed. */
function explanation(info: BuildInfo, image: ImageInfo, consoleEnd: readonly string[]): string {
  const { boot } = image
  if (boot === null || boot.verdict === 'passed') return ''
  const title = `${code(image.unikernel)} (${info.target} ${info.architecture}) ${boot.verdict}: ${prose(boot.summary)}`
  return [
    `#### ${title}`,
    `Reason: \`${boot.reason}\`, ${seconds(boot.atMs)} after the start.`,
    ...(boot.evidence ? ['Evidence:', block([boot.evidence.line])] : []),
    ...(boot.remedy === undefined ? [] : [`What to do: ${prose(boot.remedy, 1000)}`]),
    ...(consoleEnd.length === 0 ? [] : [folded(`The console’s last ${consoleEnd.length} lines`, block(consoleEnd))]),
  ].join('\n\n')
}

function artifactLine({ name, url }: { readonly name: string; readonly url?: string }): string {
  // The address is made of the runner's own variables, but a bracket in it would still end the link.
  const link = url === undefined ? code(name) : `[${code(name)}](<${encodeURI(url)}>)`
  return `Artifact: ${link}`
}

function versions({ images, toolchain, host }: BuildInfo): string {
  const facts: Fact[] = [
    ...images.map((image): Fact => [`sha256 of ${image.file}`, image.sha256]),
    ...(toolchain ? toolchainRows(toolchain) : []),
    ['host', `${host.architecture}, ${host.cores} cores${host.system === null ? '' : `, ${host.system}`}`],
  ]
  if (host.commit !== null) facts.push(['commit', host.commit])
  return [row(['what', 'is']), row(['---', '---']), ...facts.map(([what, is]) => row([prose(what), code(is)]))].join('\n')
}

type Fact = readonly [what: string, is: string]

function toolchainRows(toolchain: ToolchainFacts): Fact[] {
  return [
    ...Object.entries<string>({ ...toolchain.versions }),
    ['toolchain key', toolchain.key],
    ...toolchain.opamRepositories.map(({ name, url }): Fact => [`opam repository ${name}`, url]),
    ...toolchain.opamPins.map((pin): Fact => [`opam pin ${pin.package}`, pin.url]),
    ['C compiler', toolchain.cCompiler],
  ]
}

/** As many whole sections as fit: half a table or an open tag would spoil the rest of the page. */
function capped(sections: readonly string[]): string {
  const leftOut = 'Some parts are left out here: they are longer than a job summary may be.'
  const kept: string[] = []
  let bytes = Buffer.byteLength(leftOut)
  for (const section of sections) {
    bytes += Buffer.byteLength(section) + 2
    if (bytes > mostBytes) return [...kept, leftOut, ''].join('\n\n')
    kept.push(section)
  }
  return [...kept, ''].join('\n\n')
}
