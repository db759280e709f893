import { closest } from "../platform/closest.js";
import { InputError, WrongUse } from "../platform/problem.js";
import type { Parser, ValueType } from "./parsers.js";

export interface InputDefinition<Value> {
  readonly description: string;
  /** As written in action.yml. Empty: decided from the project and the tables. */
  readonly default: string;
  readonly parse: Parser<Value>;
  /** See {@link deprecated}. */
  readonly instead?: string;
}

export interface OutputDefinition {
  readonly description: string;
  /** Default: string. An output that can be empty is a string. */
  readonly type?: ValueType;
}

export type InputDefinitions = Readonly<Record<string, InputDefinition<unknown>>>;

export const input = <Value>(
  description: string,
  defaultText: string,
  parse: Parser<Value>,
): InputDefinition<Value> => ({ description, default: defaultText, parse });

/**
 * Marks an input for removal in the next major version (SECURITY.md): its description says so, and the log warns if it
 * is set.
 *
 * @param instead what to do, without a final stop: `set \`boot: skip\``.
 */
export const deprecated = <Value>(definition: InputDefinition<Value>, instead: string): InputDefinition<Value> => ({
  ...definition,
  description: `Deprecated, removed in the next major version: ${instead}. ${definition.description}`,
  instead,
});

type Camel<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Name;

/** Inputs as the code reads them: parsed once, frozen. */
export type Parsed<Definitions extends InputDefinitions> = {
  readonly [Name in keyof Definitions & string as Camel<Name>]: ReturnType<Definitions[Name]["parse"]>;
};

/** Gives an input's text: from `INPUT_*`, or an option of the command line. Undefined or empty: the input's default. */
export type ReadInput<Name extends string> = (name: Name) => string | undefined;

/**
 * Parses inputs once into a frozen object.
 *
 * @throws Problem that names the first invalid input, its value and what it accepts.
 */
export function parseInputs<Definitions extends InputDefinitions>(
  definitions: Definitions,
  read: ReadInput<keyof Definitions & string>,
): Parsed<Definitions> {
  const entries = Object.entries(definitions).map(([name, definition]) => [
    camelCase(name),
    naming(name, () => parseInput(definition, read(name))),
  ]);
  return Object.freeze(Object.fromEntries(entries)) as Parsed<Definitions>;
}

/** @throws InputError */
export function parseInput<Value>(definition: InputDefinition<Value>, given: string | undefined): Value {
  const { default: byDefault, parse } = definition;
  const value = given?.trim() ?? "";
  return parse(value === "" ? byDefault : parse.keepsWhitespace === true ? (given ?? "") : value);
}

/** A warning for each deprecated input that is set. */
export function deprecations<Definitions extends InputDefinitions>(
  definitions: Definitions,
  read: ReadInput<keyof Definitions & string>,
): readonly string[] {
  return Object.entries(definitions).flatMap(([name, { instead, default: byDefault }]) => {
    // The runner passes the default of an unset input.
    const isGiven = ![byDefault, ""].includes(read(name)?.trim() ?? "");
    return instead !== undefined && isGiven
      ? [`input ${name} is deprecated and will be removed in the next major version: ${instead}`]
      : [];
  });
}

/**
 * A warning for each name in a workflow that is probably a mistyped input: the runner passes it on, with
 * a warning that does not say what was meant.
 *
 * @param environment with the inputs as `INPUT_*`.
 */
export function mistypedInputs(
  names: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  return Object.keys(environment).flatMap((variable) => {
    const [, name] = /^INPUT_(\S+)$/.exec(variable) ?? [];
    const meant = name === undefined ? undefined : closest(name, names);
    return name === undefined || meant === undefined
      ? []
      : [`there is no input ${name.toLowerCase()}, so it is not used; did you mean ${meant}?`];
  });
}

export function camelCase(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * Adds the input's name to its parser's error.
 *
 * @throws Problem
 */
function naming<Value>(name: string, parse: () => Value): Value {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new WrongUse(`input ${name}: ${error.message}`, { accepted: error.accepted }, { cause: error });
  }
}
