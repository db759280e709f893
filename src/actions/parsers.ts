import { parseDisks, parseNetwork } from "../boot/devices/device-text.js";
import { parseProbe } from "../boot/probes/probe-text.js";
import type { Probe } from "../boot/probes/probe.js";
import { InputError } from "../platform/problem.js";
import { quote } from "../platform/process/process.js";
import { longestWords, splitWords } from "../platform/words.js";
import type { Overlay } from "../project/plans/request.js";
import { variantAdvice } from "../toolchain/opam/options.js";

/** Type of an input or output for generators of typed workflows; `lines` is a list with one entry per line. */
export type ValueType = "string" | "boolean" | "integer" | "lines" | readonly string[];

/** Parses the text of an input. */
export interface Parser<Value> {
  /** @throws InputError that names what is accepted. */
  (text: string): Value;
  readonly type: ValueType;
  /** A text that parses to the same value. */
  write(value: Value): string;
  /** Whitespace at the ends of the text is part of the value. */
  readonly keepsWhitespace?: true;
}

export const typed = <Value>(
  type: ValueType,
  parse: (text: string) => Value,
  write: (value: Value) => string = String,
): Parser<Value> => Object.assign((text: string) => parse(text), { type, write });

export const text = typed("string", (value) => value);

/** Undefined for an empty text. */
export const optional = <Value>(parse: Parser<Value>): Parser<Value | undefined> =>
  typed(
    parse.type,
    (value) => (value === "" ? undefined : parse(value)),
    (value) => (value === undefined ? "" : parse.write(value)),
  );

/** One of these words, in capitals or not. */
export const oneOf = <Word extends string>(...accepted: readonly Word[]): Parser<Word> =>
  typed(accepted, (value) => {
    const word = accepted.find((candidate) => candidate.toLowerCase() === value.toLowerCase());
    if (word === undefined) throw new InputError(value, accepted.join(", "), accepted);
    return word;
  });

const truth = oneOf("true", "false");

export const flag = typed("boolean", (value) => truth(value) === "true");

export const defaultToken = "${{ github.token }}";

/** The runner replaces the expression; the command line does not. */
export const token = typed("string", (value) => (value === defaultToken ? "" : value));

/** @param unit of the number, in the plural. */
export const integer = (least: number, most: number, unit?: string): Parser<number> =>
  typed("integer", (value) => {
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
    if (number >= least && number <= most) return number;
    const what = unit === undefined ? "a whole number" : `a whole number of ${unit}, without the unit,`;
    throw new InputError(value, `${what} from ${least} to ${most}`);
  });

/**
 * A version or a range of versions, whose form the version table checks, or one of these words.
 *
 * @throws InputError for a variant of the compiler, such as `4.14.0+flambda`: ranges of npm ignore it.
 */
export const version = (...accepted: readonly string[]): Parser<string> =>
  typed("string", (value) => {
    const instead = variantAdvice(value);
    if (instead !== undefined) throw new InputError(value, instead);
    return accepted.find((word) => word === value.toLowerCase()) ?? value;
  });

/** One entry per line, without blank lines and lines that start with `#`. */
export const lines = typed(
  "lines",
  (value): readonly string[] =>
    value
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter((line) => line !== "" && !line.startsWith("#")),
  (value) => value.join("\n"),
);

/** Paths of images: one per line, or a JSON list as in the output `images` of build. */
export function imagePaths(text = ""): readonly string[] {
  try {
    const list: unknown = JSON.parse(text);
    if (Array.isArray(list) && list.every((path) => typeof path === "string")) return list;
  } catch {
    // Lines are no JSON.
  }
  return lines(text);
}

/** One regular expression per line, without blank lines. A `#` and whitespace are part of the expression. */
export const patterns = Object.assign(
  typed(
    "lines",
    (value): readonly RegExp[] =>
      value
        .split(/\r?\n/)
        .filter((line) => line.trim() !== "")
        .map(pattern),
    (value) => value.map(({ source }) => source).join("\n"),
  ),
  { keepsWhitespace: true } as const,
);

const pattern = (value: string): RegExp => {
  try {
    return new RegExp(value, "u");
  } catch (error) {
    throw new InputError(value, `a regular expression (${error instanceof Error ? error.message : String(error)})`);
  }
};

export const words = typed(
  "string",
  (value): readonly string[] => {
    const found = splitWords(value);
    if (found === "too long") throw new InputError(`${value.slice(0, 60)}…`, `up to ${longestWords} characters`);
    if (found === "not closed") throw new InputError(value, "words quoted as in a shell, each quote closed");
    return found;
  },
  (value) => value.map(quote).join(" "),
);

/** A value and the text that it was parsed from. */
export interface Written<Value> {
  readonly text: string;
  readonly value: Value;
}

const written = <Value>(text: string, parse: (text: string) => Value): Written<Value> => ({ text, value: parse(text) });
const textOf = ({ text }: { readonly text: string }): string => text;

/** `duniverse-overlay`: one `name=path` per line. */
export const overlays = typed("lines", (value): readonly Overlay[] => {
  const found = lines(value).map((line): Overlay => {
    const [, name, path] = /^([\w.+-]+)\s*=\s*(\S.*)$/.exec(line) ?? [];
    if (name === undefined || path === undefined || name.startsWith(".")) {
      throw new InputError(line, "one `name=path` per line, such as `lwt=../lwt`");
    }
    return { name, path };
  });
  const names = found.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new InputError(twice, "each name once");
  return found;
});

/** `net`: one word, or one device per line. */
export const networks = typed("string", (value) => written(value, parseNetwork), textOf);

/** `block`: one disk per line. */
export const blocks = typed("lines", (value) => written(value, parseDisks), textOf);

/** `probe`: one probe per line, without blank lines and `#` comments. */
export const probes = typed(
  "lines",
  (value): readonly Probe[] => lines(value).map((line) => parseProbe(line)),
  (value) => value.map(textOf).join("\n"),
);
