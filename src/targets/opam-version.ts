/** `>= "4.9.0"` */
export interface Comparison {
  readonly relation: Relation;
  readonly version: string;
}

const relations = ["=", "!=", ">=", "<=", ">", "<"] as const;
export type Relation = (typeof relations)[number];

export const isRelation = (text: string): text is Relation => relations.some((relation) => relation === text);

/** The relation that holds where the other does not. */
export const opposite: Readonly<Record<Relation, Relation>> = {
  "=": "!=",
  "!=": "=",
  ">=": "<",
  "<": ">=",
  "<=": ">",
  ">": "<=",
};

/** Whether a comparison holds for a version, in opam's order. */
export function satisfies(version: string, { relation, version: bound }: Comparison): boolean {
  const order = compareVersions(version, bound);
  switch (relation) {
    case "=":
      return order === 0;
    case "!=":
      return order !== 0;
    case ">=":
      return order >= 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case "<":
      return order < 0;
  }
}

/** opam's order of versions, which is Debian's: https://opam.ocaml.org/doc/Manual.html#version-ordering */
export function compareVersions(one: string, other: string): number {
  const [ones, others] = [partsOf(one), partsOf(other)];
  for (let at = 0; at < Math.max(ones.length, others.length); at++) {
    const [left, right] = [ones[at] ?? "", others[at] ?? ""];
    const order = at % 2 === 1 ? compareDigits(left, right) : compareWords(left, right);
    if (order !== 0) return order;
  }
  return 0;
}

/** Words at even places, digits at odd ones. */
const partsOf = (version: string): string[] => version.split(/(\d+)/);

/** Compares numbers of any length; an empty text is zero. */
function compareDigits(one: string, other: string): number {
  const [left, right] = [one.replace(/^0+/, ""), other.replace(/^0+/, "")];
  return left.length - right.length || (left < right ? -1 : Number(left > right));
}

/** `~` sorts before the end, the end before letters, letters before all other characters. */
function compareWords(one: string, other: string): number {
  const rank = (character: string | undefined) =>
    character === undefined
      ? 0
      : character === "~"
        ? -1
        : /[a-zA-Z]/.test(character)
          ? character.charCodeAt(0)
          : 256 + character.charCodeAt(0);
  for (let at = 0; at < Math.max(one.length, other.length); at++) {
    const order = rank(one[at]) - rank(other[at]);
    if (order !== 0) return order;
  }
  return 0;
}
