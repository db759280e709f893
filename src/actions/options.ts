import { type Argument, type Command, InvalidArgumentError, Option } from "commander";
import { InputError, WrongUse } from "../platform/problem.js";
import type { InputDefinition } from "./definition.js";

/** The options of inputs that take one entry per line. */
const lists = new Set<Option>();

const closed = new WeakMap<Option | Argument, readonly string[]>();

/** The values of an option or argument; empty where they are no closed list. */
export const valuesFor = (one: Option | Argument): readonly string[] => closed.get(one) ?? [];

/** Says which values an option or argument has, for completion. */
export function withValues<One extends Option | Argument>(one: One, values: readonly string[]): One {
  closed.set(one, values);
  return one;
}

/**
 * The word of a closed list that an argument means, in capitals or not.
 *
 * @throws WrongUse
 */
export function wordOf<Word extends string>(what: string, given: string, known: readonly Word[]): Word {
  const word = known.find((one) => one.toLowerCase() === given.toLowerCase());
  if (word !== undefined) return word;
  throw new WrongUse(`${what}: ${new InputError(given, "", known).message}`, { accepted: known.join(", ") });
}

/** The option of an input. */
export function namedOption(
  name: string,
  { description, default: byDefault, parse }: InputDefinition<unknown>,
): Option {
  const option = new Option(
    `--${name} <value>`,
    byDefault === "" ? description : `${description} (default: ${byDefault})`,
  );
  option.attributeName = () => name;
  if (parse.type === "lines") lists.add(option);
  if (typeof parse.type === "object") closed.set(option, parse.type);
  else if (parse.type === "boolean") closed.set(option, ["true", "false"]);
  return option;
}

/**
 * Refuses options that are given twice, for a command and those below it, and joins the values of lists: commander
 * would drop all but the last. Call it when all options are defined.
 */
export function refuseRepetition(command: Command): void {
  for (const option of command.options.filter(({ required }) => required)) {
    option.argParser((value: string, previous: string) => {
      if (command.getOptionValueSource(option.attributeName()) !== "cli") return value;
      if (lists.has(option)) return `${previous}\n${value}`;
      throw new InvalidArgumentError("The option is given twice.");
    });
  }
  for (const each of command.commands) refuseRepetition(each);
}

/** Refuses an argument that contradicts an option of the same meaning. */
export function refuseBoth(
  command: Command,
  argument: string | undefined,
  given: string | undefined,
  option: string,
): void {
  if (argument !== undefined && given !== undefined && argument !== given)
    command.error(`error: ${option} says ${given}, and another argument says ${argument}`);
}
