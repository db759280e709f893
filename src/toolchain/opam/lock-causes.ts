/** Two packages of one source whose releases are different archives: opam-monorepo pulls a source once, so it never takes both. */
export interface SplitSource {
  /** `name.version`, both. */
  readonly one: string;
  readonly other: string;
}

/** Why opam-monorepo finds no versions, each package under its own cause. */
export interface LockCauses {
  /** No repository has any version of them. */
  readonly missing: readonly string[];
  readonly split: readonly SplitSource[];
  /** Blocks of the others: there are versions, and each is outside of a bound or asked for otherwise. */
  readonly bounded: readonly (readonly string[])[];
}

/**
 * Sorts the blocks of opam-monorepo's report by their causes.
 *
 * It tells of a split source by a conflict that it has made up itself, `lwt_ppx 5.9.1 requires not(= 5.6.2)` in the block of lwt:
 * https://github.com/tarides/opam-monorepo/blob/main/lib/opam_solve.ml (with_conflict). Conflicts of opam files look the same;
 * hardly any of them is with one version alone.
 *
 * @param blocks the package's name, then why each of its versions is none.
 */
export function lockCauses(blocks: readonly (readonly string[])[]): LockCauses {
  const split = blocks.flatMap(splitSources);
  const isSplit = ([name = ""]: readonly string[]) => split.some(({ one }) => one.startsWith(`${name}.`));
  const isMissing = (block: readonly string[]) => block.some((line) => line.startsWith("No known implementations"));
  return {
    missing: blocks.filter(isMissing).map(([name = ""]) => name),
    split,
    bounded: blocks.filter((block) => !isMissing(block) && (!isSplit(block) || hasOtherBound(block))),
  };
}

const conflict = /^(\S+) (\S+) requires not\(((?:= [^\s|)]+(?: \| )?)+)\)$/;

function splitSources([name = "", ...lines]: readonly string[]): SplitSource[] {
  return lines.flatMap((line) => {
    const [, asker = "", version = "", versions] = conflict.exec(line) ?? [];
    if (versions === undefined) return [];
    return versions.split(" | ").map((one) => ({ one: `${name}.${one.slice(2)}`, other: `${asker}.${version}` }));
  });
}

const hasOtherBound = (block: readonly string[]): boolean =>
  block.some((line) => line.includes(" requires ") && !conflict.test(line));
