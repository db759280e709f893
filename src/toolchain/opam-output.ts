/** Counts packages in what `opam install` prints, of opam 2.1 and newer, with and without UTF-8. */
export class InstallProgress {
  private total = 0
  private installed = 0

  /** @returns what to tell after this line: `solo5.0.12.1 (12 of 45)`; undefined when there is nothing new. */
  line(text: string): string | undefined {
    if (/^\s+[-*∗]\s+install\s+\S/.test(text)) this.total++
    const name = /^(?:->|[-*∗])\s+installed\s+(\S+)/.exec(text)?.[1]
    if (name === undefined) return undefined
    this.installed++
    return this.total < this.installed ? name : `${name} (${this.installed} of ${this.total})`
  }
}

/** The variables of `opam env --sexp`. */
export function parseEnvironment(sexp: string): Readonly<Record<string, string>> {
  const pairs = sexp.matchAll(/\("([^"]+)"\s+"((?:[^"\\]|\\.)*)"\)/g)
  return Object.fromEntries([...pairs].map(([, name = '', value = '']) => [name, value.replace(/\\(.)/g, '$1')]))
}
