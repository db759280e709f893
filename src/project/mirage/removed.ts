import { type Token, tokensOf } from "./ocaml-tokens.js";

/** A name that a config.ml uses, and the mirage that removed it. */
export interface RemovedName {
  readonly name: string;
  readonly since: string;
  readonly line: number;
}

/** From mirage's CHANGES.md: https://github.com/mirage/mirage/blob/main/CHANGES.md */
const removedIn: Readonly<Record<string, string>> = {
  foreign: "4.5.0",
  default_console: "4.5.0",
  default_time: "4.9.0",
  default_monotonic_clock: "4.9.0",
  default_posix_clock: "4.9.0",
  default_random: "4.9.0",
};

/** The names of mirage that a config.ml uses and a later mirage lacks, each once: only an older one can build it. */
export function removedNames(configuration: string): readonly RemovedName[] {
  const tokens = tokensOf(configuration);
  const own = new Set(tokens.filter((_, at) => isBound(tokens, at)).map(({ text }) => text));
  const found = new Map<string, RemovedName>();
  for (const { kind, text, line } of tokens) {
    const name = text.startsWith("Mirage.") ? text.slice("Mirage.".length) : text;
    const since = kind === "word" && Object.hasOwn(removedIn, name) ? removedIn[name] : undefined;
    if (since !== undefined && !own.has(name) && !found.has(name)) found.set(name, { name, since, line });
  }
  return [...found.values()];
}

/** Whether the file defines the name itself: `let default_time = …`. */
const isBound = (tokens: readonly Token[], at: number): boolean =>
  ["let", "and", "rec"].includes(tokens[at - 1]?.text ?? "");
