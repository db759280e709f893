import type { ProtectionTable } from "../protection.js";

// What is said: log, files of the runner, summary, JUnit.

export const words: ProtectionTable = {
  "lets nothing that a guest prints become a command": [
    [
      "src/platform/runner/workflow-command.ts",
      '`${workflowCommand("stop-commands", token)}${text}::${token}::\\n`',
      "text",
    ],
    ["src/platform/runner/console-log.ts", "  | ", ""],
    ["src/platform/runner/console-log.ts", 'visible(line.replace(/(?<!\\r)\\r+$/, ""))', "line"],
  ],
  "lets nothing that our own lines carry become a command": [
    [
      "src/platform/runner/console-log.ts",
      "lines.some(mayBeCommand) ? withoutCommands(text, newToken()) : text",
      "text",
    ],
    ["src/platform/runner/console-log.ts", ".map(visible)", ""],
    ["src/platform/runner/workflow-command.ts", "trimStart().", ""],
    ["src/platform/runner/workflow-command.ts", ' || line.includes("##[")', ""],
  ],
  "lets nothing that a compiler prints become more than an annotation": [
    [
      "src/platform/runner/workflow-command.ts",
      '\n    ([key, value]) => `${key}=${escaped(value).replaceAll(":", "%3A").replaceAll(",", "%2C")}`,\n  ',
      "([key, value]) => `${key}=${escaped(value)}`",
    ],
    ["src/platform/runner/workflow-command.ts", '%", "%25").replaceAll("', ""],
    [
      "src/platform/runner/console-log.ts",
      '> write(workflowCommand(kind, visibleLines(text).join("\\n")',
      "> write(workflowCommand(kind, text",
    ],
    ["src/platform/runner/console-log.ts", "file: visible(file)", "file"],
  ],
  "takes a new token each time": [
    ["src/platform/runner/console-log.ts", 'randomBytes(16).toString("hex"', '"0".repeat(32'],
  ],
  "writes %j as %j": [
    ["src/platform/log.ts", "\\p{Cc}", ""],
    ["src/platform/log.ts", "\\p{Zl}", ""],
    ["src/platform/log.ts", "\\p{Zp}", ""],
    ["src/platform/log.ts", "\\p{Bidi_Control}", ""],
  ],
  "shows what a guest prints without obeying it": [
    ["src/platform/runner/console-log.ts", 'visible(line.replace(/(?<!\\r)\\r+$/, ""))', "line"],
  ],
  "keeps an annotation one command": [
    ["src/platform/runner/workflow-command.ts", '.replaceAll("\\r", "%0D").replaceAll("\\n", "%0A")', ""],
    ["src/platform/runner/workflow-command.ts", '%", "%25").replaceAll("', ""],
    [
      "src/platform/runner/console-log.ts",
      '  write(workflowCommand(kind, visibleLines(text).join("\\n")',
      "  write(workflowCommand(kind, text",
    ],
  ],
  "keeps a value with line feeds one output": [
    [
      "node_modules/@actions/core/lib/file-command.js",
      "`${key}<<${delimiter}${os.EOL}${convertedValue}${os.EOL}${delimiter}`",
      "`${key}=${convertedValue}`",
    ],
  ],
  "keeps a value with line feeds one variable": [
    [
      "node_modules/@actions/core/lib/file-command.js",
      "`${key}<<${delimiter}${os.EOL}${convertedValue}${os.EOL}${delimiter}`",
      "`${key}=${convertedValue}`",
    ],
  ],
  "keeps a value with line feeds one state": [
    [
      "node_modules/@actions/core/lib/file-command.js",
      "`${key}<<${delimiter}${os.EOL}${convertedValue}${os.EOL}${delimiter}`",
      "`${key}=${convertedValue}`",
    ],
  ],
  "takes no variable whose name could be more than a name": [
    ["src/platform/runner/github.ts", "!/^[A-Za-z_]\\w*$/.test(name)", "false"],
  ],
  "takes no folder of PATH that could be two": [["src/platform/runner/github.ts", "/[\\r\\n]/.test(folder)", "false"]],
  "is well-formed whatever a guest prints": [
    ["src/artifact/junit.ts", "visible(text).replace(", "text.replace("],
    ["src/artifact/junit.ts", "/[\\p{Cs}\\ufffe\\uffff]/gu", "/[]/gu"],
    ["src/artifact/junit.ts", "format: true,\n", "format: true,\n  processEntities: false,\n"],
  ],
  "lets no text of a guest or user become HTML, a table’s cell or a mention": [
    ["src/summary/markup.ts", "text.replace(/[^\\p{L}\\p{N} ,…]/gu, reference)", "text"],
    ["src/summary/markup.ts", "text.replace(/[&<>\"']/g, reference)", "text"],
    ["src/summary/markup.ts", "Array.from(visible(text))", "Array.from(text)"],
  ],
  "keeps a guest’s words from making columns of their own": [["src/collect/table.ts", "prose(said)", "said"]],
  "are JSON of the same words, whatever a guest prints": [
    ["src/artifact/boot-files.ts", "2)", '2).replaceAll("\\\\", "")'],
  ],
  "take no markup from a guest": [["src/release/notes.ts", "${prose(several)}", "${several}"]],
  "are fetched through the proxies of the caller, whose addresses no failure shows": [
    ["src/platform/packages/apt.ts", "argv: commandWith([])", "argv: commandWith(proxies)"],
  ],
  "stays below the runner’s limit by dropping whole sections, the longest first": [
    ["src/summary/summary.ts", "(room -= bytes) >= 0", "bytes > 0"],
  ],
  "is bounded, and keeps the last lines": [
    ["src/artifact/junit.ts", "tail(consoleEnd, mostOfOutput)", "consoleEnd"],
    ["src/artifact/junit.ts", "tail(consoleEnd, mostOfFailure)", "consoleEnd"],
  ],
};
