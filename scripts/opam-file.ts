import semver from 'semver'

/** `atLeast <= version < below`; a missing side is open. */
export interface Bounds {
  atLeast?: string
  below?: string
}

type Operator = '=' | '!=' | '<' | '<=' | '>' | '>='

/** A version formula of opam's `depends`, without its filters. */
export type Constraint =
  | { readonly kind: 'any' }
  | { readonly kind: 'compare'; readonly operator: Operator; readonly version: string }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly [Constraint, Constraint] }

/** A package that nobody can install, or that its maintainers tell everyone not to. */
export function isWithdrawn(opam: string): boolean {
  return /^available:\s*\[?\s*false\b/m.test(opam) || /^flags:.*\b(avoid-version|deprecated)\b/m.test(opam)
}

/**
 * What `opam` asks of its dependency `name`, all entries of `depends` for it taken together; those for tests are not asked.
 *
 * @throws Error when the package does not depend on it, or with a formula that we do not understand.
 */
export function constraintOf(opam: string, name: string): Constraint {
  const depends = /^depends:\s*\[([\s\S]*?)^\]/m.exec(opam)?.[1]?.replace(/#.*$/gm, '')
  if (depends === undefined) throw new Error('the opam file has no depends')
  const entries = [...depends.matchAll(new RegExp(`"${name}"[ \\t]*(?:\\{([^}]*)\\})?`, 'g'))]
    .map((entry) => entry[1] ?? '')
    .filter((formula) => !formula.includes('with-test'))
  if (entries.length === 0) throw new Error(`the opam file does not depend on ${name}`)
  return entries.map(parse).reduce((a, b) => ({ kind: 'and', parts: [a, b] }))
}

/** Whether a version satisfies a constraint. */
export function accepts(constraint: Constraint, version: string): boolean {
  switch (constraint.kind) {
    case 'any':
      return true
    case 'and':
      return constraint.parts.every((part) => accepts(part, version))
    case 'or':
      return constraint.parts.some((part) => accepts(part, version))
    case 'compare':
      return semver.cmp(full(version), constraint.operator, full(constraint.version))
  }
}

/**
 * A constraint as bounds.
 *
 * @throws Error when it is not of that form.
 */
export function boundsOf(constraint: Constraint): Bounds {
  switch (constraint.kind) {
    case 'any':
      return {}
    case 'and':
      return { ...boundsOf(constraint.parts[0]), ...boundsOf(constraint.parts[1]) }
    case 'compare':
      if (constraint.operator === '>=') return { atLeast: full(constraint.version) }
      if (constraint.operator === '<') return { below: full(constraint.version) }
  }
  throw new Error(`${JSON.stringify(constraint)} is not a pair of bounds`)
}

/** `5` and `4.08.0` as semver writes them: `5.0.0`, `4.8.0`. */
function full(version: string): string {
  if (!/^\d+(\.\d+){0,2}$/.test(version)) throw new Error(`${version} is not a plain version`)
  return [...version.split('.').map(Number), 0, 0].slice(0, 3).join('.')
}

/** `&` binds tighter than `|`, as in opam. */
function parse(formula: string): Constraint {
  const tokens = formula.match(/"[^"]*"|[<>!]?=|[<>]|[&|()]|[\w-]+/g) ?? []
  let next = 0

  const chain = (operator: '&' | '|', kind: 'and' | 'or', operand: () => Constraint): Constraint => {
    let left = operand()
    while (tokens[next] === operator) {
      next++
      left = { kind, parts: [left, operand()] }
    }
    return left
  }
  const either = (): Constraint => chain('|', 'or', both)
  const both = (): Constraint => chain('&', 'and', one)
  const one = (): Constraint => {
    const token = tokens[next++]
    if (token === undefined || token === 'build' || token === 'post') return { kind: 'any' }
    if (token === '(') {
      const inner = either()
      next++
      return inner
    }
    if (/^([<>!]?=|[<>])$/.test(token)) {
      return { kind: 'compare', operator: token as Operator, version: (tokens[next++] ?? '').slice(1, -1) }
    }
    throw new Error(`${JSON.stringify(formula)} is not understood at ${token}`)
  }

  const result = either()
  if (next < tokens.length) throw new Error(`${JSON.stringify(formula)} is not understood at ${tokens[next] ?? ''}`)
  return result
}
