// Completion of commands, options and values for shells, generated from the program that parses them.
import type { Argument, Command, Option } from "commander";
import { valuesFor } from "./options.js";

export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

/** A word that can come next, and what it means. */
interface Word {
  readonly word: string;
  readonly about: string;
}

/** What can follow a command. */
interface Place {
  /** The command’s words, each with a space before it: ` toolchain pack`. Empty: the program’s. */
  readonly at: string;
  readonly commands: readonly Word[];
  readonly options: readonly (Word & { readonly takesValue: boolean; readonly values: readonly string[] })[];
  /** The values of its first argument, if they are a closed list. */
  readonly values: readonly string[];
}

/** A script that makes a shell complete the program's commands, options and values; other values are files. */
export function completionScript(shell: Shell, program: Command): string {
  const places = placesOf(program, "");
  return { bash, zsh, fish }[shell](program.name(), places);
}

function placesOf(command: Command, at: string): Place[] {
  const help = command.createHelp();
  const below = help.visibleCommands(command).filter((one) => one.name() !== "help");
  const [argument] = command.registeredArguments as readonly (Argument | undefined)[];
  const place = {
    at,
    commands: below.map((one) => ({ word: one.name(), about: short(one.description()) })),
    options: help.visibleOptions(command).map((option) => ({
      word: option.long ?? option.flags,
      about: short(option.description),
      takesValue: takesValue(option),
      values: valuesFor(option),
    })),
    values: argument === undefined ? [] : valuesFor(argument),
  };
  return [place, ...below.flatMap((one) => placesOf(one, `${at} ${one.name()}`))];
}

const takesValue = ({ required, optional }: Option): boolean => required || optional;

/** The first sentence, on one line, without what a quoted text of a shell cannot hold. */
function short(text: string): string {
  const [sentence = ""] = text.split(/[.:;] |\n/);
  const plain = sentence.replace(/['"`\\$]/g, "");
  return plain.length <= 70 ? plain : `${plain.slice(0, 69)}…`;
}

const functionOf = (program: string): string => `_${program.replace(/\W/g, "_")}`;
const join = (words: readonly { readonly word: string }[]): string => words.map(({ word }) => word).join(" ");
const known = (places: readonly Place[]): string =>
  places.flatMap(({ at }) => (at === "" ? [] : [`"${at}"`])).join(" | ");

/** The places of each list of values: the patterns of a `case` over `PLACE OPTION`. */
function valued(places: readonly Place[]): [patterns: string, values: string][] {
  const patterns = new Map<string, string[]>();
  for (const { at, options } of places)
    for (const { word, values } of options.filter((one) => one.values.length > 0)) {
      const list = values.join(" ");
      patterns.set(list, [...(patterns.get(list) ?? []), `"${at} ${word}"`]);
    }
  return [...patterns].map(([values, where]) => [where.join(" | "), values]);
}

function bash(program: string, places: readonly Place[]): string {
  const name = functionOf(program);
  const taking = places.flatMap(({ at, options }) =>
    options.filter((one) => one.takesValue && one.values.length === 0).map(({ word }) => `"${at} ${word}"`),
  );
  return [
    `# Completion of ${program} for bash: source <(${program} completion bash)`,
    `${name}() {`,
    "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} at= words= index",
    "  # bash splits --option=value in three.",
    "  if [[ $word == = ]]; then word=",
    "  elif [[ $before == = ]]; then before=${COMP_WORDS[COMP_CWORD - 2]}",
    "  fi",
    "  COMPREPLY=()",
    "  for ((index = 1; index < COMP_CWORD; index++)); do",
    '    case "$at ${COMP_WORDS[index]}" in',
    `      ${known(places)}) at="$at \${COMP_WORDS[index]}" ;;`,
    "    esac",
    "  done",
    '  case "$at $before" in',
    ...valued(places).map(([patterns, values]) => `    ${patterns}) words="${values}" ;;`),
    `    ${taking.join(" | ")}) return ;;`,
    "    *)",
    '      case "$at" in',
    ...places.map(({ at, commands, options, values }) => {
      const plain = [join(commands), values.join(" ")].filter((one) => one !== "").join(" ");
      return `        "${at}") if [[ $word == -* ]]; then words="${join(options)}"; else words="${plain}"; fi ;;`;
    }),
    "      esac ;;",
    "  esac",
    '  COMPREPLY=($(compgen -W "$words" -- "$word"))',
    "}",
    `complete -o bashdefault -o default -F ${name} ${program}`,
    "",
  ].join("\n");
}

function zsh(program: string, places: readonly Place[]): string {
  const name = functionOf(program);
  const items = (words: readonly Word[]) =>
    words.map(({ word, about }) => `'${word}:${about.replaceAll(":", "\\:")}'`).join(" ");
  return [
    `#compdef ${program}`,
    `# Completion of ${program} for zsh: source <(${program} completion zsh)`,
    `${name}() {`,
    "  local at= one",
    "  local -a fit orders flags",
    "  for one in ${words[2,CURRENT-1]}; do",
    '    case "$at $one" in',
    `      (${known(places)}) at="$at $one" ;;`,
    "    esac",
    "  done",
    '  case "$at ${words[CURRENT-1]}" in',
    ...valued(places).map(([patterns, values]) => `    (${patterns}) fit=(${values}) ;;`),
    "  esac",
    "  if (( $#fit )); then compadd -- $fit; return; fi",
    '  case "$at" in',
    ...places.map(
      ({ at, commands, options, values }) =>
        `    ("${at}") orders=(${items([...commands, ...values.map((word) => ({ word, about: "" }))])})\n` +
        `      flags=(${items(options)}) ;;`,
    ),
    "  esac",
    "  if [[ ${words[CURRENT]} == -* ]]; then _describe -o option flags",
    "  elif (( $#orders )); then _describe command orders",
    "  else _files",
    "  fi",
    "}",
    `if [[ $funcstack[1] == ${name} ]]; then ${name} "$@"; else compdef ${name} ${program}; fi`,
    "",
  ].join("\n");
}

function fish(program: string, places: readonly Place[]): string {
  const name = `_${functionOf(program)}_at`;
  const lines = places.flatMap(({ at, commands, options, values }) => {
    const here = `complete -c ${program} -n "${name} '${at}'"`;
    return [
      ...commands.map(({ word, about }) => `${here} -f -a ${word} -d '${about}'`),
      ...values.map((value) => `${here} -f -a ${value}`),
      ...options.map(({ word, about, ...option }) => {
        const given = option.values.length > 0 ? ` -x -a '${option.values.join(" ")}'` : option.takesValue ? " -r" : "";
        return `${here} -l ${word.replace(/^--/, "")}${given} -d '${about}'`;
      }),
    ];
  });
  return [
    `# Completion of ${program} for fish: ${program} completion fish | source`,
    `function ${name}`,
    "  set -l at ''",
    "  for one in (commandline -opc)[2..]",
    '    switch "$at $one"',
    `      case ${places.flatMap(({ at }) => (at === "" ? [] : [`'${at}'`])).join(" ")}`,
    '        set at "$at $one"',
    "    end",
    "  end",
    '  test "$at" = "$argv[1]"',
    "end",
    ...lines,
    "",
  ].join("\n");
}
