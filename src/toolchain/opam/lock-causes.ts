/** Two packages of one source in different archives: opam-monorepo pulls a source once, so it cannot take both. */
export interface SplitSource {
  /** `name.version`, both. */
  readonly one: string;
  readonly other: string;
}

/** Why opam-monorepo finds no versions, by cause. */
export interface LockCauses {
  /** Packages without any version in the repositories. */
  readonly missing: readonly string[];
  readonly split: readonly SplitSource[];
  /** Blocks of the other packages: they have versions, but each breaks a constraint. */
  readonly bounded: readonly (readonly string[])[];
}

/**
 * Sorts the blocks of opam-monorepo's report by their causes.
 *
 * It reports a split source as a conflict of its own making, `lwt_ppx 5.9.1 requires not(= 5.6.2)` in the block of lwt:
 * https://github.com/tarides/opam-monorepo/blob/main/lib/opam_solve.ml (with_conflict). Conflicts from opam files look
 * the same, but hardly any is with a single version.
 *
 * @param blocks the package's name, then the reason against each of its versions.
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
