import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import {
  CST,
  Lexer,
  LineCounter,
  type Node,
  type Pair,
  type YAMLMap,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  visit,
} from "yaml";
import { didYouMean } from "../platform/closest.js";
import type { Context } from "../platform/host.js";
import { InputError, messageOf, WrongUse } from "../platform/problem.js";
import { quote } from "../platform/process/process.js";
import { camelCase, parseInput } from "./definition.js";
import { type Inputs, inputs, inputsMarked } from "./interface.js";
import { imagePaths } from "./parsers.js";

/** One of several boots of each image. */
export interface Scenario {
  /** Unique, even on a case-insensitive file system. */
  readonly name: string;
  /** The step's inputs, overridden by the scenario's. */
  readonly inputs: Inputs;
  /** Names or paths of the images that it boots; undefined: all. */
  readonly images: readonly string[] | undefined;
}

export const scenarioInputs = inputsMarked("scenario");

const settable = ["image", ...scenarioInputs] as const;
const knownKeys = ["name", ...settable].join(", ");
const mostBytes = 64 * 1024;
const mostScenarios = 100;
/** Names become parts of file names. */
const portableName = /^[A-Za-z0-9][\w.-]{0,59}$/;
const nameRule = "up to 60 letters, digits, `-`, `_` and `.`, starting with a letter or digit";

/**
 * Reads the input `scenarios`: a list, or the path of a file with one.
 *
 * @param base the step's inputs, which a scenario overrides.
 * @returns undefined when the input is empty.
 * @throws Problem
 */
export async function readScenarios({ host }: Context, base: Inputs): Promise<readonly Scenario[] | undefined> {
  const given = base.scenarios;
  if (given === undefined) return undefined;
  if (!isPath(given)) return parseScenarios(given, base, "input scenarios");
  const text = await readFile(resolve(host.folders.workspace, given), "utf8").catch((error: unknown) => {
    throw new WrongUse(`input scenarios: ${given} cannot be read`, {
      because: messageOf(error),
      accepted: "a YAML list, or the path of a .yml or .yaml file with one, relative to the workspace",
    });
  });
  return parseScenarios(text, base, given);
}

/** A list in one line can end in `.yml` too. */
function isPath(text: string): boolean {
  return /^[^\n]*\.ya?ml$/i.test(text) && !/^(?:-\s|\[)/.test(text);
}

/**
 * Parses a YAML list of scenarios. A value is the text of the input of its name, exactly as written (never a number or
 * a date), or a list of texts: the lines of that input, or the words of `args`.
 *
 * @param source name of the input or file, for errors.
 * @throws Problem that names the line, the scenario and the key.
 */
export function parseScenarios(text: string, base: Inputs, source: string): readonly Scenario[] {
  const { items, lineOf } = parseList(text, source);
  const names = new Map<string, string>();
  const scenarios = items.map((item) => {
    if (!isMap(item)) {
      throw new WrongUse(`${lineOf(item)}: a scenario must be a mapping`, { found: shown(item), accepted: knownKeys });
    }
    const name = readName(item, lineOf);
    const former = names.get(name.toLowerCase());
    if (former !== undefined) {
      throw new WrongUse(`${lineOf(item)}: duplicate scenario ${former}`, {
        ...(former === name ? {} : { because: `${name} names the same file on a case-insensitive file system` }),
        do: "give each scenario a unique name",
      });
    }
    names.set(name.toLowerCase(), name);
    const { image, ...own } = readOwn(item, name, lineOf);
    const images = imagePaths(typeof image === "string" ? image : "");
    return Object.freeze({
      name,
      inputs: Object.freeze({ ...base, ...own, scenarios: undefined }),
      images: images.length === 0 ? undefined : images,
    });
  });
  return Object.freeze(scenarios);
}

const mostNested = 50;

/**
 * Whether brackets, or the `-`, `?` and `:` of one line, nest deeper than any scenario. The parser recurses for each of
 * them, and V8 ends the process when no stack is left for a regular expression.
 */
function isNested(text: string): boolean {
  let brackets = 0;
  let marks = 0;
  for (const source of new Lexer().lex(text)) {
    const type = CST.tokenType(source);
    if (type === "newline") marks = 0;
    else if (type === "flow-seq-start" || type === "flow-map-start") brackets++;
    else if (type === "flow-seq-end" || type === "flow-map-end") brackets--;
    else if (type === "seq-item-ind" || type === "explicit-key-ind" || type === "map-value-ind") marks++;
    if (brackets > mostNested || marks > mostNested) return true;
  }
  return false;
}

type LineOf = (node: unknown) => string;

/**
 * The items of a YAML list. Aliases are refused: scenarios share the step's inputs, and a few aliases of aliases can
 * expand to gigabytes.
 */
function parseList(text: string, source: string): { readonly items: readonly unknown[]; readonly lineOf: LineOf } {
  const bytes = Buffer.byteLength(text);
  // promise: scenarios-have-a-size
  if (bytes > mostBytes) throw new WrongUse(`${source} has ${bytes} bytes`, { accepted: `up to ${mostBytes}` });
  // promise: scenarios-have-a-depth
  if (isNested(text))
    throw new WrongUse(`${source} is nested deeper than ${mostNested} levels`, { accepted: "a list of scenarios" });
  const lineCounter = new LineCounter();
  // `failsafe` has only strings, lists and mappings.
  const document = parseDocument(text, {
    schema: "failsafe",
    resolveKnownTags: false,
    prettyErrors: false,
    lineCounter,
  });
  const lineAt = (offset = 0) => `${source}, line ${lineCounter.linePos(offset).line}`;
  const lineOf: LineOf = (node) => lineAt((node as Node | null)?.range?.[0]);
  const [mistake] = [...document.errors, ...document.warnings];
  if (mistake !== undefined) throw new WrongUse(`${lineAt(mistake.pos[0])}: ${mistake.message}`);
  // promise: scenarios-have-no-aliases
  visit(document, {
    Alias: (_, alias) => {
      throw new WrongUse(`${lineOf(alias)}: aliases (*${alias.source}) are not supported`, {
        do: "set what all scenarios share as inputs of the step",
      });
    },
  });
  const list = document.contents;
  if (!isSeq(list) || list.items.length === 0) {
    throw new WrongUse(`${source} is not a list of scenarios`, {
      found: shown(list),
      accepted: ["- name: help", "  args: --help"],
    });
  }
  if (list.items.length > mostScenarios) {
    throw new WrongUse(`${source} has ${list.items.length} scenarios`, { accepted: `up to ${mostScenarios}` });
  }
  return { items: list.items, lineOf };
}

function readName(scenario: YAMLMap, lineOf: LineOf): string {
  const pair = scenario.items.find(({ key }) => textOf(key) === "name");
  if (pair === undefined)
    throw new WrongUse(`${lineOf(scenario)}: a scenario has no name`, { accepted: `name: ${nameRule}` });
  const name = textOf(pair.value);
  if (name !== undefined && portableName.test(name)) return name;
  throw new WrongUse(`${lineOf(pair.key)}: ${shown(pair.value)} is not a valid scenario name`, { accepted: nameRule });
}

/** The inputs that a scenario sets, by their names in {@link Inputs}, and the text of its key `image`. */
function readOwn(scenario: YAMLMap, name: string, lineOf: LineOf): Record<string, unknown> {
  const others = scenario.items.filter(({ key }) => textOf(key) !== "name");
  return Object.fromEntries(others.map((pair) => readPair(pair, `${lineOf(pair.key)}: scenario ${name}`)));
}

function readPair({ key, value }: Pair, where: string): [name: string, value: unknown] {
  const input = /* promise: scenario-keys-are-a-list */ settable.find((known) => known === textOf(key));
  if (input === undefined)
    throw new WrongUse(
      `${where}: ${shown(key)} is not a key of scenarios${didYouMean(textOf(key) ?? "", ["name", ...settable])}`,
      { accepted: knownKeys },
    );
  const text = inputText(input, value);
  if (text === undefined) {
    throw new WrongUse(`${where}: ${input} is ${shown(value)}`, {
      accepted: "a string, or a list of strings",
      do: "quote a string that contains a colon followed by a space",
    });
  }
  if (input === "image") return [input, text];
  try {
    return [camelCase(input), parseInput<unknown>(inputs[input], text)];
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new WrongUse(`${where}: ${input}: ${error.message}`, { accepted: error.accepted }, { cause: error });
  }
}

/** The text of the input; undefined when the value is neither a string nor a list of strings. */
function inputText(input: (typeof settable)[number], value: unknown): string | undefined {
  if (!isSeq(value)) return textOf(value);
  const texts = value.items.map(textOf);
  if (!texts.every((text) => text !== undefined)) return undefined;
  return input === "args" ? texts.map(quote).join(" ") : texts.join("\n");
}

function textOf(node: unknown): string | undefined {
  return isScalar(node) && typeof node.value === "string" ? node.value : undefined;
}

/** A YAML value, for an error message. */
function shown(node: unknown): string {
  if (isSeq(node)) return node.items.length === 0 ? "an empty list" : "a list";
  if (isMap(node)) return "a mapping";
  const text = JSON.stringify(textOf(node) ?? "");
  return text.length <= 100 ? text : `${text.slice(0, 99)}…`;
}
