// Finds patterns that can take more than linear time where eslint-plugin-regexp does not look: quantifiers with words
// before or between them, as in /CRIT: .*EL.*trap/. It may suspect too much, never too little of what it looks at.
import { type AST, RegExpParser, visitRegExpAST } from "@eslint-community/regexpp";

/** More repetitions than this count as endless: a line has at most 16 Ki characters. */
const mostRepetitions = 256;

const characters = [
  ...Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)),
  ...Array.from("\u0085\u00a0éΩ“”\u2028\u2029"),
];
const lineEnds = ["\n", "\r", "\u2028", "\u2029"];

type Characters = ReadonlySet<string>;

/** @returns what makes the pattern worse than linear, one sentence for each reason. */
export function suspicions(source: string, flags: string): string[] {
  const unicode = flags.includes("u");
  const pattern = new RegExpParser().parsePattern(source, 0, source.length, { unicode, unicodeSets: false });
  const isMultiline = flags.includes("m");
  const walkers: AST.Quantifier[] = [];
  visitRegExpAST(pattern, { onQuantifierEnter: (one) => one.max > mostRepetitions && walkers.push(one) });

  const matching = ({ raw }: AST.Node): Characters => {
    const one = new RegExp(`^(?:${raw})$`, flags.replace(/[gym]/g, ""));
    return new Set(characters.filter((character) => one.test(character)));
  };
  /** What a repetition can begin with: it goes on over these. */
  const walked = (node: AST.Element): Characters => {
    if (node.type === "Quantifier") return walked(node.element);
    if (node.type !== "Group" && node.type !== "CapturingGroup") return isConsuming(node) ? matching(node) : new Set();
    return new Set(node.alternatives.flatMap(({ elements }) => firstOf(elements).flatMap((one) => [...walked(one)])));
  };
  /** No match of `node` is within a stretch of `walkable`. */
  const stops = (node: AST.Element, walkable: Characters): boolean => {
    if (node.type === "Quantifier") return node.min > 0 && stops(node.element, walkable);
    if (node.type === "Group" || node.type === "CapturingGroup")
      return node.alternatives.every(({ elements }) => elements.some((one) => stops(one, walkable)));
    if (node.type === "Assertion")
      return node.kind === "start" && (!isMultiline || !lineEnds.some((end) => walkable.has(end)));
    return isConsuming(node) && [...matching(node)].every((character) => !walkable.has(character));
  };
  /** What follows a walk can fail, so that it is tried again from elsewhere. */
  const canFail = (walker: AST.Quantifier): boolean => {
    const walkable = walked(walker.element);
    return around(walker).after.some((one) => {
      if (one.type === "Quantifier") return one.min > 0;
      const isEnd = one.type === "Assertion" && one.kind === "end";
      return !(
        isEnd &&
        (isMultiline
          ? characters.every((c) => walkable.has(c) || lineEnds.includes(c))
          : walkable.size === characters.length)
      );
    });
  };

  return walkers.filter(canFail).flatMap((walker) => {
    const { before } = around(walker);
    const walkable = walked(walker.element);
    const isBehind = behind(walker);
    const again =
      flags.includes("y") || isBehind || !before.some(isNeeded) || before.some((one) => stops(one, walkable))
        ? []
        : [`each beginning of the pattern may walk over the others by ${walker.raw}`];
    const pairs = walkers
      .filter((earlier) => !isBehind && earlier.start < walker.start && earlier.end <= walker.start)
      .flatMap((earlier) => {
        const between = [...around(earlier).after, ...before].filter(
          ({ start, end }) => start >= earlier.end && end <= walker.start,
        );
        const isFree = (over: Characters) => !between.some((one) => stops(one, over));
        return areInSequence(earlier, walker) &&
          between.some(isNeeded) &&
          isFree(walked(earlier.element)) &&
          isFree(walkable)
          ? [`each end of ${earlier.raw} may start a walk of ${walker.raw}`]
          : [];
      });
    return [...again, ...pairs];
  });
}

const isConsuming = ({ type }: AST.Element): boolean => ["Character", "CharacterClass", "CharacterSet"].includes(type);

const isNeeded = (node: AST.Element): boolean =>
  node.type === "Quantifier"
    ? node.min > 0 && isNeeded(node.element)
    : node.type !== "Assertion" || node.kind === "start";

/** The elements that may come first. */
function firstOf(elements: readonly AST.Element[]): readonly AST.Element[] {
  const needed = elements.findIndex((one) => one.type !== "Assertion" && !(one.type === "Quantifier" && one.min === 0));
  return needed < 0 ? elements : elements.slice(0, needed + 1);
}

/** What stands before and after a node, in its alternative and in those around it. */
function around(node: AST.Node): { before: AST.Element[]; after: AST.Element[] } {
  const before: AST.Element[] = [];
  const after: AST.Element[] = [];
  for (let one: AST.Node | null = node; one !== null; one = one.parent) {
    const { parent } = one;
    if (parent?.type !== "Alternative") continue;
    const at = parent.elements.indexOf(one as AST.Element);
    before.unshift(...parent.elements.slice(0, at));
    after.push(...parent.elements.slice(at + 1));
  }
  return { before, after };
}

function ancestors(node: AST.Node): AST.Node[] {
  return node.parent == null ? [] : [node.parent, ...ancestors(node.parent)];
}

/** Both can take part in one match. */
function areInSequence(one: AST.Node, other: AST.Node): boolean {
  const others = ancestors(other);
  return ancestors(one).find((ancestor) => others.includes(ancestor))?.type === "Alternative";
}

const behind = (node: AST.Node): boolean =>
  ancestors(node).some((one) => one.type === "Assertion" && one.kind === "lookbehind");
