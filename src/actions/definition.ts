import { InputError, Problem } from "../platform/problem.js";
import type { Parser, ValueType } from "./parsers.js";

export interface InputDefinition<Value> {
  readonly description: string;
  /** As written in action.yml. An empty string means: decided from the project and the tables. */
  readonly default: string;
  readonly parse: Parser<Value>;
  /** See {@link deprecated}. */
  readonly instead?: string;
}

export interface OutputDefinition {
  readonly description: string;
  /** Default: a string. One that may be empty is a string. */
  readonly type?: ValueType;
}

export type InputDefinitions = Readonly<Record<string, InputDefinition<unknown>>>;

export const input = <Value>(
  description: string,
  defaultText: string,
  parse: Parser<Value>,
): InputDefinition<Value> => ({ description, default: defaultText, parse });

/**
 * An input that works until the next major version only (SECURITY.md): its tables say so, and the log where it is given.
 *
 * @param instead what to do, as a sentence without a final stop: `give \`boot: skip\``.
 */
export const deprecated = <Value>(definition: InputDefinition<Value>, instead: string): InputDefinition<Value> => ({
  ...definition,
  description: `Goes with the next major version: ${instead}. ${definition.description}`,
  instead,
});

type Camel<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Name;

/** Inputs as the code reads them: parsed once, frozen. */
export type Parsed<Definitions extends InputDefinitions> = {
  readonly [Name in keyof Definitions & string as Camel<Name>]: ReturnType<Definitions[Name]["parse"]>;
};

/** The text of an input: the runner's `INPUT_*`, or an option of the command line. Undefined or empty: the input's default. */
export type ReadInput<Name extends string> = (name: Name) => string | undefined;

/**
 * Parses inputs once into a frozen object.
 *
 * @throws Problem that names the first input that is wrong, what it got and what it takes.
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
  const value = given?.trim() ?? "";
  return definition.parse(value === "" ? definition.default : value);
}

/** What to say of inputs that are given and will not be there for ever. */
export function deprecations<Definitions extends InputDefinitions>(
  definitions: Definitions,
  read: ReadInput<keyof Definitions & string>,
): readonly string[] {
  return Object.entries(definitions).flatMap(([name, { instead, default: byDefault }]) => {
    // The runner gives the default of an input that nobody named.
    const isGiven = ![byDefault, ""].includes(read(name)?.trim() ?? "");
    return instead !== undefined && isGiven ? [`input ${name} goes with the next major version: ${instead}`] : [];
  });
}

/** The name of an input as the code has it. */
export function camelCase(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * Adds the input's name to what its parser says.
 *
 * @throws Problem
 */
function naming<Value>(name: string, parse: () => Value): Value {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new Problem(`input ${name}: ${error.message}`, { accepted: error.accepted }, { cause: error });
  }
}
