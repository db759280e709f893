import type { Relation } from "../../targets/opam-version.js";
import type { Condition, FilteredFormula } from "../../toolchain/opam/filtered-formula.js";
import type { Requirement } from "../../toolchain/requirements.js";
import { type Token, tokensOf } from "./ocaml-tokens.js";
import { removedNames } from "./removed.js";

/**
 * The first line as mirage itself parses it (`check_version` in lib/functoria/tool.ml): each constraint at most once.
 */
const header = /^\(\* mirage(?<bounds>(?: +(?:&|>= +[\d.]+|< +[\d.]+))+) +\*\)/;

/** The constraint on mirage in the first line of a config.ml, as written; undefined: it accepts any version. */
export function headerOf(configuration: string): string | undefined {
  const text = header.exec(configuration)?.groups?.["bounds"]?.trim();
  const isTwice = text !== undefined && [">=", "<"].some((relation) => text.split(`${relation} `).length > 2);
  return isTwice ? undefined : text?.replace(/ +/g, " ");
}

/**
 * What a config.ml asks of packages: its first line of mirage, each `package ~min ~max "name"` that it adds, and the
 * mirage that still has the names that it uses.
 *
 * @param name the file's name, for messages.
 */
export function requirementsOfConfiguration(name: string, configuration: string): readonly Requirement[] {
  const bounds = [...(headerOf(configuration) ?? "").matchAll(/(>=|<) ([\d.]+)/g)];
  const ofMirage = bounds.map(([, relation, version = ""]) => bound(relation === ">=" ? ">=" : "<", version));
  return [
    ...unreadHeader(name, configuration),
    ...(ofMirage.length === 0 ? [] : [{ source: `${name} line 1`, formula: packageWith("mirage", ofMirage) }]),
    ...packagesOf(tokensOf(configuration)).map(({ line, unread, ...asked }) => ({
      source: `${name} line ${line}`,
      formula:
        asked.name === undefined
          ? anything
          : packageWith(asked.name, [
              ...(asked.min === undefined ? [] : [bound(">=", asked.min)]),
              ...(asked.max === undefined ? [] : [bound("<", asked.max)]),
            ]),
      ...(unread.length === 0 ? {} : { unread: unread.map((text) => ({ package: asked.name, text })) }),
    })),
    ...removedNames(configuration).map(({ name: used, since, line }) => ({
      source: `${name} line ${line} (\`${used}\`, removed in mirage ${since})`,
      formula: packageWith("mirage", [bound("<", since)]),
    })),
  ];
}

const anything: FilteredFormula = { kind: "and", parts: [] };

/** A first line that looks like a constraint, in a form that mirage takes for an ordinary comment. */
function unreadHeader(name: string, configuration: string): readonly Requirement[] {
  const [text] = /^\(\* *mirage\b[^\n*]*[<>=][^\n*]*/.exec(configuration) ?? [];
  if (text === undefined || headerOf(configuration) !== undefined) return [];
  const unread = [{ package: "mirage", text: `\`${text.trim()} *)\`` }];
  return [{ source: `${name} line 1`, formula: anything, unread }];
}

const bound = (relation: Relation, text: string): Condition => ({ kind: "version", relation, bound: { text } });

const packageWith = (name: string, parts: readonly Condition[]): FilteredFormula => ({
  kind: "package",
  name,
  condition: { kind: "and", parts },
});

/** Whether a config.ml is mirage's: its code uses the module Mirage, or its header constrains mirage's version. */
export function isConfiguration(configuration: string): boolean {
  const tokens = tokensOf(configuration);
  return /^\(\* mirage /.test(configuration) || tokens.some((_, at) => usesMirage(tokens, at));
}

/** `Mirage.foreign`, `Mirage.(…)`, `open Mirage`, `module M = Mirage`; a program may have a constructor `Mirage`. */
function usesMirage(tokens: readonly Token[], at: number): boolean {
  const { kind, text } = tokens[at] ?? { kind: "mark", text: "" };
  if (kind !== "word" || text.split(".")[0] !== "Mirage") return false;
  const before = [3, 2, 1].map((back) => tokens[at - back]?.text ?? "");
  const opens = ["open", "include"].includes(before[2] === "!" ? (before[1] ?? "") : (before[2] ?? ""));
  const isNamed = before[0] === "module" && before[2] === "=";
  return text !== "Mirage" || tokens[at + 1]?.text === "." || opens || isNamed;
}

interface AddedPackage {
  /** Undefined: not a literal, but the call has bounds. */
  readonly name: string | undefined;
  readonly min?: string;
  readonly max?: string;
  /** The bounds that are not literals, and all bounds of an unknown package: `~min:…`. */
  readonly unread: readonly string[];
  readonly line: number;
}

/** The calls of `package` with a literal name or with bounds: https://ocaml.org/p/mirage/latest/doc/mirage.functoria/Functoria/Package */
function packagesOf(tokens: readonly Token[]): readonly AddedPackage[] {
  return tokens.flatMap((token, at) =>
    token.kind === "word" && /^(?:\w+\.)*package$/.test(token.text) ? (packageAt(tokens, at, token.line) ?? []) : [],
  );
}

const opening: Readonly<Record<string, string>> = { "(": ")", "[": "]" };

function packageAt(tokens: readonly Token[], call: number, line: number): AddedPackage | undefined {
  const labelled = new Map<string, string | undefined>();
  let name: string | undefined;
  for (let at = call + 1, label: string | undefined; at < tokens.length; at++) {
    const { kind, text } = tokens[at] ?? { kind: "mark", text: "" };
    if (kind === "label") {
      label = text;
      continue;
    }
    const close = kind === "mark" ? opening[text] : undefined;
    if (kind === "pun") labelled.set(text, undefined);
    else if (kind === "string" && label === undefined) name ??= text;
    else if (label !== undefined) labelled.set(label, kind === "string" ? text : undefined);
    // Another function, operator or keyword: the call has ended.
    else if (close === undefined) break;
    if (close !== undefined) at = endOf(tokens, at, text, close);
    label = undefined;
  }
  const [min, max] = [labelled.get("min"), labelled.get("max")];
  const bounds = ["min", "max"].filter((label) => labelled.has(label));
  const unread = bounds.filter((label) => name === undefined || labelled.get(label) === undefined);
  if (name === undefined && unread.length === 0) return undefined;
  return {
    name,
    line,
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    unread: unread.map((label) => `\`~${label}\` of \`package\``),
  };
}

/** The index of the bracket that closes the one at `start`. */
function endOf(tokens: readonly Token[], start: number, open: string, close: string): number {
  let depth = 0;
  for (let at = start; at < tokens.length; at++) {
    const { kind, text } = tokens[at] ?? { kind: "word", text: "" };
    if (kind === "mark" && text === open) depth++;
    else if (kind === "mark" && text === close && --depth === 0) return at;
  }
  return tokens.length;
}

/** The name of the unikernel that a config.ml registers: `register "www"`. Undefined where it is computed. */
export function registeredName(tokens: readonly Token[]): string | undefined {
  const at = tokens.findIndex(({ kind, text }) => kind === "word" && /^(?:.*\.)?register$/.test(text));
  const next = tokens.slice(at + 1).find(({ kind }) => kind === "string");
  return at >= 0 && next !== undefined && /^[\w-]{1,60}$/.test(next.text) ? next.text : undefined;
}
