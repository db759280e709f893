import type { Verdict } from '../boot/verdict.js'
import { seconds, size } from '../platform/log.js'
import { visible } from '../platform/visible.js'
import { howItRan } from '../report/boot-facts.js'
import type { ImageInfo, ToolchainFacts } from '../report/build-info.js'
import { code, folded, prose, row } from '../report/markup.js'
import { sourceWords } from '../toolchain/toolchain.js'
import type { Overview, OverviewRow } from './overview.js'
import { changeText } from './size.js'

const header = ['unikernel', 'target', 'size', 'change', 'verdict', 'how', 'boot', 'build', 'toolchain'] as const

/** The Markdown of the job summary: one table over all legs, what is over budget, and the checksums, folded. */
export function collectSummary(overview: Overview, warnings: readonly string[]): string {
  const rows = overview.rows.map(({ verdict, ...leg }) => {
    const [unikernel = '', target = '', bytes = '', change = '', said = '', ...rest] = cellsOf({ verdict, ...leg })
    return row([code(unikernel), prose(target), bytes, change, emphasized(prose(said), verdict), ...rest.map((cell) => prose(cell))])
  })
  const missing = overview.missing.map((name) => row([code(name), '', '', '', '**no artifact: its job failed before**', '', '', '', '']))
  const sections = [
    `#### ${overviewTitle(overview)}`,
    [row(header), row(header.map(() => '---')), ...rows, ...missing].join('\n'),
    warnings.map((warning) => `- ${prose(warning, 500)}`).join('\n'),
    overview.rows.length === 0 ? '' : folded('SHA-256', hashes(overview)),
  ]
  return [...sections.filter((section) => section !== ''), ''].join('\n\n')
}

/** The same table for a terminal: aligned lines, the header first. */
export function collectLines({ rows, missing }: Overview): string[] {
  const empty = header.map(() => '')
  const lines = [
    [...header],
    ...rows.map(cellsOf),
    ...missing.map((name) => [name, ...empty.slice(1, 4), 'no artifact: its job failed before', ...empty.slice(5)]),
  ].map((cells) => cells.map(visible))
  const widths = header.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)))
  return lines.map((cells) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd())
}

/** `4 images: 2 passed, 1 failed, 1 skipped, 1 missing` */
export function overviewTitle({ rows, missing }: Overview): string {
  const counted = (['passed', 'failed', 'skipped'] as const).map((kind) => {
    const number = rows.filter(({ verdict }) => verdict?.verdict === kind).length
    return number === 0 ? [] : [`${number} ${kind}`]
  })
  const notBooted = rows.filter(({ verdict }) => verdict === undefined).length
  const told = [
    ...counted.flat(),
    ...(notBooted === 0 ? [] : [`${notBooted} not booted`]),
    ...(missing.length === 0 ? [] : [`${missing.length} missing`]),
  ]
  return [`${rows.length} ${rows.length === 1 ? 'image' : 'images'}`, ...(told.length === 0 ? [] : [told.join(', ')])].join(': ')
}

/** In the order of {@link header}. */
function cellsOf({ info, image, verdict, before }: OverviewRow): string[] {
  const build = info.build?.steps.reduce((ms, step) => ms + step.ms, 0)
  return [
    image.unikernel,
    [info.target, info.architecture, ...variantOf(info.build?.configureArgs ?? [])].join(' '),
    size(image.bytes),
    before === undefined ? '' : changeText(image.bytes, before),
    verdict === undefined ? 'not booted' : `${verdict.verdict}: ${verdict.summary}`,
    ...runOf(image),
    build === undefined ? '' : seconds(build),
    toolchainCell(info.toolchain),
  ]
}

function variantOf(configureArgs: readonly string[]): string[] {
  return configureArgs.length === 0 ? [] : [`(${configureArgs.join(' ')})`]
}

/** Of one boot; of several, what they all ran on. */
function runOf({ boots }: ImageInfo): readonly [how: string, booted: string] {
  const lasts = boots.flatMap(({ attempts }) => attempts.slice(-1))
  const how = [...new Set(lasts.map(howItRan))].join(', ')
  const [only, ...others] = boots
  return [how, only?.bootMs === undefined || others.length > 0 ? '' : seconds(only.bootMs)]
}

function toolchainCell(toolchain: ToolchainFacts | null): string {
  return toolchain === null ? 'its own' : `${sourceWords[toolchain.source]}, ${seconds(toolchain.ms)}`
}

function emphasized(text: string, verdict: Verdict | undefined): string {
  return verdict?.verdict === 'failed' ? `**${text}**` : text
}

function hashes({ rows }: Overview): string {
  const lines = rows.map(({ artifact, image }) => row([code(`${artifact}/${image.file}`), code(image.sha256)]))
  return [row(['file', 'SHA-256']), row(['---', '---']), ...lines].join('\n')
}
