/** Counts packages in the output of `opam install` of opam 2.1 and newer, with and without UTF-8. */
export class InstallProgress {
  private total = 0;
  private readonly installed = new Set<string>();
  private retrieved = 0;

  /** @returns the progress after this line, `solo5.0.12.1 (12 of 45)`; undefined when it is unchanged. */
  line(text: string): string | undefined {
    if (/^\s+[-*∗]\s+install\s+\S/.test(text)) this.total++;
    if (/^(?:->|⬇)\s+retrieved\s+\S/.test(text)) this.retrieved++;
    const name = /^(?:->|[-*∗])\s+installed\s+(\S+)/.exec(text)?.[1];
    if (name === undefined) return undefined;
    this.installed.add(name);
    const count = this.installed.size;
    return this.total < count ? name : `${name} (${count} of ${this.total})`;
  }

  /**
   * The progress when opam has been silent for a while.
   *
   * @param building the packages with a build folder, as `name.version`: opam creates a folder when a package begins,
   *   and removes all of them at the end.
   */
  silence(building: readonly string[]): string {
    const unfinished = building.filter((name) => !this.installed.has(name));
    if (unfinished.length > 0) return `still building ${unfinished.sort().join(", ")}`;
    return this.total > 0 && this.installed.size >= this.total
      ? "all packages are installed, opam is removing its build folders"
      : `opam is retrieving sources (${this.retrieved} so far)`;
  }
}

/**
 * The installed packages that a plan changes, removes or builds again.
 *
 * @param json as `opam install --show-actions --json` writes it. opam 2.1 has `remove` and `install` for each of them.
 * @returns undefined when it cannot be read.
 */
export function changedInPlan(json: string): readonly string[] | undefined {
  try {
    const { solution } = JSON.parse(json) as { solution: readonly Readonly<Record<string, unknown>>[] };
    const actions = solution.flatMap((action) => Object.entries(action)).filter(([kind]) => kind !== "install");
    return [...new Set(actions.map(([, what]) => nameIn(what)))];
  } catch {
    return undefined;
  }
}

/** Of a package, or of the first in a list of its versions before and after. */
function nameIn(what: unknown): string {
  const [first] = [what].flat() as { readonly name?: unknown }[];
  return String(first?.name);
}

/** The variables of `opam env --sexp`. */
export function parseEnvironment(sexp: string): Readonly<Record<string, string>> {
  const pairs = sexp.matchAll(/\("([^"]+)"\s+"((?:[^"\\]|\\.)*)"\)/g);
  return Object.fromEntries(
    [...pairs].map(([, name = "", value = ""]) => [name, value.replace(/\\(.)/g, (_, character: string) => character)]),
  );
}
