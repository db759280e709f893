import { collectInputs, collectOutputs } from '../src/actions/collect-interface.js'
import { inputs, outputs, parts } from '../src/actions/interface.js'
import { matrixInputs, sharedInputs } from '../src/actions/matrix-interface.js'
import { releaseInputs, releaseOutputs } from '../src/actions/release-interface.js'
import { releaseWorkflowInputs, unikernelInputs } from './workflow-files.js'
import { type MonitorKind, targetNames, targets } from '../src/target/target.js'

/** docs/targets.md with the table of the targets, between its markers. */
export function targetTables(page: string): string {
  return between(page, 'targets', targetTable())
}

/** docs/inputs.md with the tables of what a run and `collect` take and give. */
export function inputTables(page: string): string {
  const tables = { inputs: inputTable(), outputs: outputTable(), 'collect-inputs': takenTable(collectInputs), 'collect-outputs': givenTable(collectOutputs) }
  return Object.entries(tables).reduce((text, [marker, content]) => between(text, marker, content), page)
}

/** docs/matrix.md with the table of the inputs that only `matrix` has. */
export function matrixTables(page: string): string {
  const shared = sharedInputs.map((name) => `\`${name}\``).join(', ')
  return between(page, 'inputs', `${takenTable(matrixInputs)}\n\nAs for \`setup\`: ${shared}.`)
}

/** docs/releases.md with the tables of what `release` takes and gives. */
export function releaseTables(page: string): string {
  return between(between(page, 'inputs', takenTable(releaseInputs)), 'outputs', givenTable(releaseOutputs))
}

/** docs/reusable-workflow.md with the tables of what the two workflows take. */
export function reusableTables(page: string): string {
  const rows = (taken: ReturnType<typeof unikernelInputs>) =>
    Object.entries(taken).map(([name, { description, type, required, default: value = '' }]) => [
      `\`${name}\``,
      cell(description),
      type,
      required === true ? 'required' : code(String(value)),
    ])
  const header = ['input', 'what it says', 'type', 'default']
  const first = between(page, 'inputs of unikernel.yml', table(header, rows(unikernelInputs())))
  return between(first, 'inputs of unikernel-release.yml', table(header, rows(releaseWorkflowInputs())))
}

const bootedOn: Readonly<Record<MonitorKind, string>> = {
  'solo5-hvt': 'solo5-hvt: with KVM on a machine of its architecture, else in a small Linux guest under emulation',
  'solo5-spt': 'solo5-spt: on a machine of its architecture, else in a small Linux guest under emulation',
  qemu: 'QEMU: with KVM on a machine of its architecture, else by emulation',
  firecracker: 'Firecracker with KVM on a machine of its architecture, else (x86_64) QEMU by emulation',
  process: 'as a process, on a machine of its architecture',
  none: 'not booted',
}

function targetTable(): string {
  const rows = targetNames.map((name) => {
    const { backend, architectures, monitor, bootedBy } = targets[name]
    const elsewhere = bootedBy === undefined ? '' : ` (that needs ${bootedBy})`
    return [`\`${name}\``, backend, architectures.join(', '), `${bootedOn[monitor]}${elsewhere}`]
  })
  return table(['target', 'backend', 'architectures', 'booted by'], rows)
}

function inputTable(): string {
  const rows = Object.entries(inputs).map(([name, { description, default: value, parts: owners }]) => [
    `\`${name}\``,
    cell(description),
    code(value),
    owners.length === parts.length ? 'all' : owners.join(', '),
  ])
  return table(['input', 'what it says', 'default', 'part'], rows)
}

function outputTable(): string {
  const rows = Object.entries(outputs).map(([name, { description, part }]) => [`\`${name}\``, cell(description), part])
  return table(['output', 'what it says', 'part'], rows)
}

function takenTable(definitions: Readonly<Record<string, { readonly description: string; readonly default: string }>>): string {
  const rows = Object.entries(definitions).map(([name, { description, default: value }]) => [`\`${name}\``, cell(description), code(value)])
  return table(['input', 'what it says', 'default'], rows)
}

function givenTable(definitions: Readonly<Record<string, { readonly description: string }>>): string {
  const rows = Object.entries(definitions).map(([name, { description }]) => [`\`${name}\``, cell(description)])
  return table(['output', 'what it says'], rows)
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function code(value: string): string {
  return value === '' ? '' : value.split('\n').map((line) => `\`${line}\``).join('<br>')
}

/** Angle brackets would be HTML, except inside the code spans that the descriptions have. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

function between(text: string, marker: string, content: string): string {
  const begin = `<!-- ${marker}: generated by npm run generate -->`
  const end = `<!-- end of ${marker} -->`
  const [before, rest] = halves(text, begin)
  const [, after] = halves(rest, end)
  return `${before}${begin}\n\n${content}\n\n${end}${after}`
}

function halves(text: string, separator: string): [string, string] {
  const index = text.indexOf(separator)
  if (index < 0) throw new Error(`a page has no line \`${separator}\``)
  return [text.slice(0, index), text.slice(index + separator.length)]
}
