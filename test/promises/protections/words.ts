import type { ProtectionTable } from '../protection.js'

// What is said: log, files of the runner, summary, JUnit.

const consoleLog = 'src/platform/runner/console-log.ts'
const command = 'src/platform/runner/workflow-command.ts'
const markup = 'src/report/markup.ts'
const visible = 'src/platform/visible.ts'
const delimiter = ['node_modules/@actions/core/lib/file-command.js', '`${key}<<${delimiter}${os.EOL}${convertedValue}${os.EOL}${delimiter}`', '`${key}=${convertedValue}`'] as const

export const words: ProtectionTable = {
  'lets nothing that a guest prints become a command': [
    [command, "`${workflowCommand('stop-commands', token)}${text}::${token}::\\n`", 'text'],
    [consoleLog, "const gutter = '  | '", "const gutter = ''"],
    [consoleLog, "${visible(line.replace(/(?<!\\r)\\r+$/, ''))}", '${line}'],
  ],
  'lets nothing that our own lines carry become a command': [
    [consoleLog, 'lines.some(mayBeCommand) ? withoutCommands(text, newToken()) : text', 'text'],
    [consoleLog, "text.split('\\n').map(visible)", "text.split('\\n')"],
    [command, "line.trimStart().startsWith('::')", "line.startsWith('::')"],
    [command, " || line.includes('##[')", ''],
  ],
  'lets nothing that a compiler prints become more than an annotation': [
    [command, ".replaceAll(':', '%3A').replaceAll(',', '%2C')", ''],
    [command, ".replaceAll('%', '%25')", ''],
    [consoleLog, "visibleLines(text).join('\\n'), propertiesOf(place)", 'text, propertiesOf(place)'],
    [consoleLog, 'file: visible(file)', 'file'],
  ],
  'takes a new token each time': [[consoleLog, "randomBytes(16).toString('hex')", "'0'.repeat(32)"]],
  'writes %j as %j': [
    [visible, '\\p{Cc}', ''],
    [visible, '\\p{Zl}', ''],
    [visible, '\\p{Zp}', ''],
    [visible, '\\p{Bidi_Control}', ''],
  ],
  'shows what a guest prints without obeying it': [[consoleLog, "${visible(line.replace(/(?<!\\r)\\r+$/, ''))}", '${line}']],
  'keeps an annotation one command': [
    [command, ".replaceAll('\\r', '%0D').replaceAll('\\n', '%0A')", ''],
    [command, ".replaceAll('%', '%25')", ''],
    [consoleLog, "write(workflowCommand(kind, visibleLines(text).join('\\n')))", 'write(workflowCommand(kind, text))'],
  ],
  'keeps a value with line feeds one output': [delimiter],
  'keeps a value with line feeds one variable': [delimiter],
  'keeps a value with line feeds one state': [delimiter],
  'takes no variable whose name could be more than a name': [['src/platform/runner/github.ts', '!/^[A-Za-z_]\\w*$/.test(name)', 'false']],
  'takes no folder of PATH that could be two': [['src/platform/runner/github.ts', '/[\\r\\n]/.test(folder)', 'false']],
  'is well-formed whatever a guest prints': [
    ['src/report/junit.ts', 'visible(text).replace(', 'text.replace('],
    ['src/report/junit.ts', '/[\\p{Cs}\\ufffe\\uffff]/gu', '/[]/gu'],
    ['src/report/junit.ts', 'format: true,', 'format: true, processEntities: false,'],
  ],
  'lets no text of a guest or user become HTML, a table’s cell or a mention': [
    [markup, 'text.replace(/[^\\p{L}\\p{N} ,…]/gu, reference)', 'text'],
    [markup, 'text.replace(/[&<>"\']/g, reference)', 'text'],
    [markup, 'Array.from(visible(text))', 'Array.from(text)'],
  ],
  'keeps a guest’s words from making columns of their own': [['src/collect/table.ts', 'prose(said)', 'said']],
  'are JSON of the same words, whatever a guest prints': [['src/report/boot-json.ts', 'JSON.stringify(content, null, 2)', "JSON.stringify(content, null, 2).replaceAll('\\\\', '')"]],
  'take no markup from a guest': [['src/release/notes.ts', '${prose(several)}', '${several}']],
  'are fetched through the proxies of the caller, whose addresses no failure shows': [['src/platform/packages/apt.ts', 'argv: commandWith([])', 'argv: commandWith(proxies)']],
  'stays below what the runner takes, in whole parts, the long ones left out': [['src/report/summary.ts', '(room -= bytes) >= 0', 'bytes > 0']],
  'is bounded, and keeps the last lines': [
    ['src/report/junit.ts', 'tail(consoleEnd, mostOfOutput)', 'consoleEnd'],
    ['src/report/junit.ts', 'tail(consoleEnd, mostOfFailure)', 'consoleEnd'],
  ],
}
