// Words and texts that a guest, a project, an archive or an artifact could have.
import fc from "fast-check";
import { textUpTo } from "../fuzz/inputs.js";

/** The marks of what must never be obeyed: our own lines use none of these commands. */
const commands = [
  "::set-output name=x::y",
  "::add-mask::a",
  "::set-env name=PATH::/x",
  "::add-path::/x",
  "::stop-commands::x",
  "##[set-env name=PATH]/x",
  "##[add-mask]a",
  "##vso[task.setvariable]",
];
const control = [
  "\0",
  "\u0007",
  "\b",
  "\r",
  "\n",
  "\r\n",
  "\u001b[2J",
  "\u001b]0;x\u0007",
  "\u009b2J",
  "\u0085",
  "\u007f",
];
const unicode = [
  "\u202e",
  "\u2066",
  "\u2028",
  "\u2029",
  "\u200b",
  "\ufeff",
  "\ufffe",
  "\ud800",
  "é",
  "e\u0301",
  "İ",
  "ß",
  "𝕏",
];
const markup = [
  "</code></pre>",
  "<script>",
  "<!--",
  "]]>",
  "&lt;",
  "| a |",
  "`",
  "```",
  "@everyone",
  "](javascript:x)",
  "\\",
];
const shell = [
  "$(touch pwned)",
  "`touch pwned`",
  ";",
  "'",
  '"',
  "$HOME",
  "$&",
  "$$",
  "%",
  "*",
  "~",
  "-rf",
  "--",
  " ",
  "=",
  ",",
];
const plain = [
  "a",
  "www",
  "hvt",
  "x86_64",
  ".dbg",
  "1.2.3",
  "SHA256SUMS",
  "build-info.json",
  "..",
  ".",
  "CON",
  "nul",
  "COM1.txt",
];

/** Those that a log, a terminal or a reader of JSON could obey. */
export const orders: fc.Arbitrary<string> = fc.constantFrom(...commands, ...control, ...unicode);

/** Any of these in any order, and sometimes one of them thousands of times. */
export const texts = (most: number): fc.Arbitrary<string> =>
  textUpTo(most, ...commands, ...control, ...unicode, ...markup, ...shell, ...plain);

/** As UTF-8 can have it: without lone surrogates. */
export const wellFormed = (text: string): string => Buffer.from(text).toString();

/** Names of one file that Linux can have. */
export const fileNames: fc.Arbitrary<string> = fc
  .array(fc.constantFrom(...commands, ...control, ...unicode, ...markup, ...shell, ...plain), {
    minLength: 1,
    maxLength: 6,
  })
  .map((words) => wellFormed(words.join("").replace(/[\0/]/g, "").slice(0, 40)))
  .map((name) => (["", ".", ".."].includes(name) ? "x" : name));

/** A workflow command of a log that only a guest or a user could have meant. */
export const isForeign = (command: string): boolean =>
  !/^::(group|endgroup|notice|warning|error|debug)(?: [^:]*)?::/.test(command);

/** What a terminal would obey, and what reorders a line. */
export const obeyedByTerminal = /(?![\n\t])[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;
