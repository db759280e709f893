import { type Piece, type ProtectionTable, without } from "../protection.js";

// What is said: log, files of the runner, summary, JUnit.

const oneLine: Piece = { mark: "values-end-at-a-random-word", instead: '"EOF"' };
const withoutPercent: Piece = {
  mark: "command-data-is-escaped",
  instead: String.raw`text.replaceAll("\r", "%0D").replaceAll("\n", "%0A")`,
};

export const words: ProtectionTable = {
  "lets nothing that a guest prints become a command": [
    { mark: "commands-are-stopped", instead: "text" },
    { mark: "quotations-have-a-gutter", instead: '""' },
    { mark: "quotations-are-visible", instead: "line" },
  ],
  "lets nothing that our own lines carry become a command": [
    "own-lines-are-no-commands",
    { mark: "own-lines-are-visible", instead: 'text.split("\\n")' },
    { mark: "indented-commands-are-commands", instead: 'line.startsWith("::")' },
    "old-commands-are-commands",
  ],
  "lets nothing that a compiler prints become more than an annotation": [
    { mark: "properties-are-escaped", instead: "escaped(value)" },
    withoutPercent,
    { mark: "annotations-are-visible", instead: "text" },
    { mark: "annotated-files-are-visible", instead: "file" },
  ],
  "is reported through the log, without its stack: %s": ["uncaught-errors-are-guarded"],
  "writes no command and no control character": ["libraries-write-to-the-log"],
  "prints nothing that a log obeys or a terminal reorders": [
    { mark: "printed-lines-are-guarded", instead: 'streamLog("stdout", false, false).line(text)' },
  ],
  "prints JSON that a log shows as it is, of the same value": [{ mark: "printed-json-is-plain", instead: "text" }],
  "takes a new token each time": [{ mark: "stop-tokens-are-random", instead: '"0".repeat(32)' }],
  "writes %j as %j": [
    { mark: "invisible-characters", instead: without("\\p{Cc}") },
    { mark: "invisible-characters", instead: without("\\p{Zl}") },
    { mark: "invisible-characters", instead: without("\\p{Zp}") },
    { mark: "invisible-characters", instead: without("\\p{Bidi_Control}") },
  ],
  "shows what a guest prints without obeying it": [{ mark: "quotations-are-visible", instead: "line" }],
  "keeps an annotation one command": [
    { mark: "command-data-is-escaped", instead: 'text.replaceAll("%", "%25")' },
    withoutPercent,
    { mark: "messages-are-visible", instead: "text" },
  ],
  "keeps a value with line feeds one output": [oneLine],
  "keeps a value with line feeds one variable": [oneLine],
  "keeps a value with line feeds one state": [oneLine],
  "takes no variable whose name could be more than a name": ["variables-are-names"],
  "takes no folder of PATH that could be two": ["path-folders-are-one-line"],
  "is well-formed whatever a guest prints": [
    { mark: "junit-text-is-visible", instead: (replaced) => replaced.replace(/^visible\(text\)/, "text") },
    { mark: "junit-characters-are-xml", instead: "/[]/gu" },
    { mark: "junit-is-escaped", instead: (option) => `${option}, processEntities: false` },
  ],
  "lets no text of a guest or user become HTML, a table’s cell or a mention": [
    { mark: "markdown-is-escaped", instead: "text" },
    { mark: "html-is-escaped", instead: "text" },
    { mark: "summaries-are-visible", instead: "text" },
  ],
  "keeps a guest’s words from making columns of their own": [{ mark: "table-words-are-prose", instead: "said" }],
  "are JSON of the same words, whatever a guest prints": [
    { mark: "printed-json-is-plain", instead: "text" },
    { mark: "boot-file-is-json", instead: (json) => `${json}.replaceAll("\\\\", "")` },
  ],
  "take no markup from a guest": [{ mark: "notes-are-prose", instead: "several" }],
  "are fetched through the proxies of the caller, whose addresses no failure shows": [
    { mark: "commands-show-no-proxy", instead: "proxies" },
  ],
  "stays below the runner’s limit by dropping whole sections, the longest first": [
    { mark: "summary-has-a-size", instead: "bytes > 0" },
  ],
  "is bounded, and keeps the last lines": [
    { mark: "junit-output-has-a-limit", instead: "...consoleEnd" },
    { mark: "junit-failure-has-a-limit", instead: "...consoleEnd" },
  ],
};
