/** One package that an opam file depends on, as far as it is a plain conjunction: what is behind an `|` tells nothing certain. */
export interface Dependency {
  readonly name: string
  /** All of them hold. */
  readonly constraints: readonly Constraint[]
  /** Variables such as `build`, `?monorepo` or `?vendor`, as they are written. */
  readonly filters: readonly string[]
}

/** `>= "4.9.0"` */
export interface Constraint {
  readonly relation: Relation
  readonly version: string
}

const relations = ['=', '!=', '>=', '<=', '>', '<'] as const
export type Relation = (typeof relations)[number]

/**
 * The packages of a list field (`depends`) of an opam file.
 *
 * https://opam.ocaml.org/doc/Manual.html#opamfield-depends
 *
 * @param text of the whole file.
 * @returns none when the file has no such field, or is no opam file.
 */
export function readDependencies(text: string, field = 'depends'): readonly Dependency[] {
  const tokens = fieldTokens(text, field)
  const found: Dependency[] = []
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at] ?? ''
    if (token === '(' || tokens[at + 1] === '|') {
      at = endOfAlternatives(tokens, at)
      continue
    }
    if (!token.startsWith('"')) continue
    const end = tokens[at + 1] === '{' ? endOf(tokens, at + 1) : at
    const isAlternative = tokens[end + 1] === '|'
    if (isAlternative) at = endOfAlternatives(tokens, at)
    else {
      found.push({ name: unquoted(token), ...readFormula(tokens.slice(at + 2, end)) })
      at = end
    }
  }
  return found
}

/** The strings of a list field that has only strings, such as `x-opam-monorepo-opam-provided`. */
export function readStrings(text: string, field: string): readonly string[] {
  return fieldTokens(text, field)
    .filter((token) => token.startsWith('"'))
    .map(unquoted)
}

function readFormula(tokens: readonly string[]): Pick<Dependency, 'constraints' | 'filters'> {
  const constraints: Constraint[] = []
  const filters: string[] = []
  if (tokens.some((token) => token === '|' || token === '(')) return { constraints, filters }
  for (const [at, token] of tokens.entries()) {
    const relation = relations.find((candidate) => candidate === token)
    const before = tokens[at - 1] ?? '&'
    if (relation !== undefined) constraints.push({ relation, version: unquoted(tokens[at + 1] ?? '""') })
    else if (token !== '&' && !relations.some((candidate) => candidate === before)) filters.push(token)
  }
  return { constraints, filters }
}

/** What is inside the brackets of a field, or its only word. */
function fieldTokens(text: string, field: string): readonly string[] {
  const tokens = tokensOf(text)
  const at = tokens.indexOf(`${field}:`)
  if (at === -1) return []
  return tokens[at + 1] === '[' ? tokens.slice(at + 2, endOf(tokens, at + 1)) : tokens.slice(at + 1, at + 2)
}

// What is not closed takes the rest of the file: were it tried again from its next character, a hostile file would take hours.
const token = /"""[^]*?(?:"""|$)|"(?:\\[^]|[^"\\])*(?:"|\\?$)|#[^\n]*|\(\*[^]*?(?:\*\)|$)|[A-Za-z_][\w-]*:(?!\w)|[?!]?[A-Za-z_][\w:+-]*|[<>!]?=|[<>&|[\]{}()]|[^\s"[\]{}()&|<>=#]+/g

function tokensOf(text: string): string[] {
  return [...text.matchAll(token)].map(([word]) => word).filter((word) => !word.startsWith('#') && !word.startsWith('(*'))
}

const closing: Readonly<Record<string, string>> = { '[': ']', '{': '}', '(': ')' }

/** The index of the bracket that closes the one at `start`; the last token where none does. */
function endOf(tokens: readonly string[], start: number): number {
  const open = tokens[start] ?? ''
  let depth = 0
  for (let at = start; at < tokens.length; at++) {
    if (tokens[at] === open) depth++
    if (tokens[at] === closing[open] && --depth === 0) return at
  }
  return tokens.length - 1
}

/** The index of the last token of `"a" {…} | ("b" & "c") | …`, which begins at `start`. */
function endOfAlternatives(tokens: readonly string[], start: number): number {
  let at = tokens[start] === '(' ? endOf(tokens, start) : start
  for (;;) {
    if (tokens[at + 1] === '{') at = endOf(tokens, at + 1)
    else if (tokens[at + 1] === '|') at = tokens[at + 2] === '(' ? endOf(tokens, at + 2) : at + 2
    else return at
  }
}

const unquoted = (word: string): string => word.replace(/^"+|"+$/g, '').replace(/\\([^])/g, '$1')

/** Whether a version is within a constraint, in opam's order. */
export function satisfies(version: string, { relation, version: bound }: Constraint): boolean {
  const order = compareVersions(version, bound)
  switch (relation) {
    case '=':
      return order === 0
    case '!=':
      return order !== 0
    case '>=':
      return order >= 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '<':
      return order < 0
  }
}

/** opam's order of versions, which is Debian's: https://opam.ocaml.org/doc/Manual.html#version-ordering */
export function compareVersions(one: string, other: string): number {
  const [ones, others] = [partsOf(one), partsOf(other)]
  for (let at = 0; at < Math.max(ones.length, others.length); at++) {
    const [left, right] = [ones[at] ?? '', others[at] ?? '']
    const order = at % 2 === 1 ? Number(left || 0) - Number(right || 0) : compareWords(left, right)
    if (order !== 0) return order
  }
  return 0
}

/** Words at even places, digits at odd ones. */
const partsOf = (version: string): string[] => version.split(/(\d+)/)

/** `~` goes before the end, the end before letters, letters before everything else. */
function compareWords(one: string, other: string): number {
  const rank = (character: string | undefined) =>
    character === undefined ? 0 : character === '~' ? -1 : /[a-zA-Z]/.test(character) ? character.charCodeAt(0) : 256 + character.charCodeAt(0)
  for (let at = 0; at < Math.max(one.length, other.length); at++) {
    const order = rank(one[at]) - rank(other[at])
    if (order !== 0) return order
  }
  return 0
}
