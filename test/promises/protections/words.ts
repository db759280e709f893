import type { ProtectionTable } from '../protection.js'

// What is said: log, files of the runner, summary, JUnit.

const consoleLog = 'src/platform/console-log.ts'
const command = 'src/platform/workflow-command.ts'
const markup = 'src/report/markup.ts'

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
  ],
  'keeps a value with line feeds one output': [
    ['node_modules/@actions/core/lib/file-command.js', '`${key}<<${delimiter}${os.EOL}${convertedValue}${os.EOL}${delimiter}`', '`${key}=${convertedValue}`'],
  ],
  'takes no variable whose name could be more than a name': [['src/platform/github.ts', '!/^[A-Za-z_]\\w*$/.test(name)', 'false']],
  'takes no folder of PATH that could be two': [['src/platform/github.ts', '/[\\r\\n]/.test(folder)', 'false']],
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
  'keeps a guest’s words from making columns of their own': [['src/collect/table.ts', 'emphasized(prose(said), verdict)', 'emphasized(said, verdict)']],
}
