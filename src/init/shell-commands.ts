import { longestWords, splitWords } from "../platform/words.js";

/** A command of a script. */
export interface Command {
  readonly words: readonly string[];
  /** As in the script, on one line. */
  readonly text: string;
  /** The folder that `cd` before it chose; empty: where the script starts. */
  readonly folder: string;
  /** Line in the script, from 0. */
  readonly line: number;
}

/**
 * The simple commands of a shell script, as far as scripts of a CI need them: lists joined by `&&`, `||`, `;` and `|`,
 * `cd`, and scripts in quotes after `sh -c`. Expands nothing; a word with a variable keeps its `$`.
 */
export function commandsIn(script: string, folder = ""): readonly Command[] {
  let current: readonly string[] = [folder];
  const outer: (readonly string[])[] = [];
  const loops = new Map<string, readonly string[]>();
  return logicalLines(
    script.replace(expression, (_, inside: string) => `$${inside.match(/[\w-]+/g)?.at(-1) ?? "expression"}`),
  ).flatMap(({ text, line }) =>
    splitList(text).flatMap((part): readonly Command[] => {
      if (part.startsWith("(")) outer.push(current);
      const piece = part.replace(/^\(|\)$/g, "").trim();
      const words = withoutPrefix(wordsOf(piece));
      const [program, ...args] = words;
      const here = current;
      if (part.endsWith(")") && !piece.includes("(")) current = outer.pop() ?? current;
      if (program === undefined || program.startsWith("#")) return [];
      if (program === "for" && args[1] === "in")
        loops.set(
          args[0] ?? "",
          args.slice(2).filter((word) => !word.includes("$")),
        );
      if (program === "cd" || program === "pushd") {
        const [to = ""] = args;
        const [, variable = ""] = /^\$\{?(\w+)\}?$/.exec(to) ?? [];
        const folders = loops.get(variable) ?? [to];
        current = here
          .flatMap((from) => folders.map((one) => (/^[~/]|\$/.test(one) ? "" : joinFolders(from, one))))
          .slice(0, mostFolders);
        return [];
      }
      const inner = /^(?:ba|da)?sh$/.test(program)
        ? args[args.findIndex((word) => /^-\w*c$/.test(word)) + 1]
        : undefined;
      if (inner !== undefined && args.some((word) => /^-\w*c$/.test(word)))
        return commandsIn(inner, here[0]).map((command) => ({ ...command, line: line + command.line }));
      return [...new Set(here)].map((at) => ({ words, text: piece.trim(), folder: at, line }));
    }),
  );
}

/** A loop within a loop multiplies the folders. */
const mostFolders = 100;

/** `${{ matrix.mode }}` is one word, a variable of its last name. */
const expression = /\$\{\{([^{}]*)\}\}/g;

const joinFolders = (from: string, to: string): string => {
  const parts = `${from}/${to}`.split("/").filter((part) => part !== "" && part !== ".");
  const path: string[] = [];
  for (const part of parts) {
    if (part === "..") path.pop();
    else path.push(part);
  }
  return path.join("/");
};

/** A backslash at its end continues a line, in quotes too. */
function logicalLines(script: string): readonly { readonly text: string; readonly line: number }[] {
  const lines: { text: string; line: number }[] = [];
  let isContinued = false;
  for (const [line, raw] of script.split("\n").entries()) {
    const text = raw.replace(/\\\s*$/, "");
    const last = lines.at(-1);
    if (isContinued && last !== undefined) last.text += text.trimStart();
    else lines.push({ text, line });
    isContinued = text !== raw;
  }
  return lines;
}

/** Splits at `&&`, `||`, `;` and `|` outside quotes, and drops a comment. */
function splitList(text: string): readonly string[] {
  const pieces: string[] = [];
  let piece = "";
  const token = /'[^']*'|"(?:\\.|[^"\\])*"|`[^`]*`|\\.|&&|\|\|?|;|(?<!\S)#.*|[^]/g;
  for (const [part] of text.slice(0, longestWords).matchAll(token)) {
    if (/^(?:&&|\|\|?|;)$/.test(part)) {
      pieces.push(piece);
      piece = "";
    } else if (!part.startsWith("#") || part.length === 1) piece += part;
  }
  return [...pieces, piece].map((one) => one.trim()).filter((one) => one !== "");
}

function wordsOf(piece: string): readonly string[] {
  const words = splitWords(piece);
  return typeof words === "string" ? piece.split(/\s+/) : words;
}

/** What only prepares a command: `sudo`, `opam exec --`, variables, the instruction of a Dockerfile. */
function withoutPrefix(words: readonly string[]): readonly string[] {
  let at = 0;
  for (let length = 1; length > 0; at += length) length = prefixLength(words, at);
  const [first = "", ...rest] = words.slice(at);
  if (first === "eval") return [];
  return first.startsWith("@") ? [first.slice(1), ...rest] : words.slice(at);
}

/** How many words from an index on only prepare what follows. */
function prefixLength(words: readonly string[], at: number): number {
  const word = words[at] ?? "";
  if (/^(?:sudo|RUN|CMD|time|env|then|do|[-@]|[A-Za-z_]\w*=.*)$/s.test(word)) return 1;
  if (word !== "opam" || words[at + 1] !== "exec") return 0;
  const end = words.indexOf("--", at);
  return end === -1 ? 2 : end + 1 - at;
}
