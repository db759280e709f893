/** Counts packages in what `opam install` prints, of opam 2.1 and newer, with and without UTF-8. */
export class InstallProgress {
  private total = 0;
  private readonly installed = new Set<string>();

  /** @returns what to tell after this line: `solo5.0.12.1 (12 of 45)`; undefined when there is nothing new. */
  line(text: string): string | undefined {
    if (/^\s+[-*∗]\s+install\s+\S/.test(text)) this.total++;
    const name = /^(?:->|[-*∗])\s+installed\s+(\S+)/.exec(text)?.[1];
    if (name === undefined) return undefined;
    this.installed.add(name);
    const count = this.installed.size;
    return this.total < count ? name : `${name} (${count} of ${this.total})`;
  }

  /**
   * What to tell when nothing was new for long.
   *
   * @param building the packages that opam has a build folder of, as `name.version`: it makes one when it begins,
   *   and removes them when all are done.
   */
  silence(building: readonly string[]): string {
    const unfinished = building.filter((name) => !this.installed.has(name));
    return unfinished.length === 0
      ? "no package is being built, and opam is still busy"
      : `still building ${unfinished.sort().join(", ")}`;
  }
}

/** The variables of `opam env --sexp`. */
export function parseEnvironment(sexp: string): Readonly<Record<string, string>> {
  const pairs = sexp.matchAll(/\("([^"]+)"\s+"((?:[^"\\]|\\.)*)"\)/g);
  return Object.fromEntries([...pairs].map(([, name = "", value = ""]) => [name, value.replace(/\\(.)/g, "$1")]));
}
