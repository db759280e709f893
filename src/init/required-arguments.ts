import { tokensOf } from "../project/mirage/ocaml-tokens.js";

/**
 * The names of the command-line arguments that an OCaml source requires by cmdliner: `Arg.(required & opt …)` in a
 * definition whose `info` has a list of names. `KEY` stands for an argument whose names were not found.
 */
export function requiredArguments(source: string): readonly string[] {
  const tokens = tokensOf(source);
  const starts = tokens.flatMap(({ text }, at) => (text === "let" ? [at] : []));
  const names = tokens.flatMap(({ kind, text }, at) => {
    if (kind !== "word" || !/^(?:\w+\.)*required$/.test(text) || tokens[at + 1]?.text !== "&") return [];
    // The names can be in local definitions just before: `let doc = Arg.info [ "remote" ] in`.
    let start = starts.findLastIndex((one) => one < at);
    while (start > 0 && tokens[(starts[start] ?? 0) - 1]?.text === "in") start--;
    const end = starts.find((next) => next > at) ?? tokens.length;
    return [namesIn(tokens.slice(at, end)) ?? namesIn(tokens.slice(starts[start] ?? 0, at), true) ?? "KEY"];
  });
  return [...new Set(names)];
}

/** The first name in a list of strings, `[ "r"; "remote" ]`: the longest, with its dashes. */
function namesIn(tokens: readonly { kind: string; text: string }[], isLast = false): string | undefined {
  const lists = tokens.flatMap(({ text }, at) => {
    if (text !== "[") return [];
    const end = tokens.findIndex(({ text: mark }, index) => index > at && mark === "]");
    const inside = tokens.slice(at + 1, end === -1 ? tokens.length : end);
    const names = inside.filter(({ kind }) => kind === "string").map(({ text: name }) => name);
    const isNames = names.length > 0 && inside.every(({ kind, text: mark }) => kind === "string" || mark === ";");
    return isNames && names.every((name) => /^[\w-]+$/.test(name)) ? [names] : [];
  });
  const names = isLast ? lists.at(-1) : lists[0];
  const longest = names?.reduce((best, name) => (name.length > best.length ? name : best));
  return longest === undefined ? undefined : longest.length === 1 ? `-${longest}` : `--${longest}`;
}
