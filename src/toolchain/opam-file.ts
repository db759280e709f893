/** What a field of an opam file holds; operators, filters in braces and bare words are left out: nobody here asks for them. */
export type OpamValue = string | readonly OpamValue[]

/** The fields of an opam file by name; those of a section as `section.field`: `url.src`. */
export type OpamFile = ReadonlyMap<string, readonly OpamValue[]>

/**
 * Reads a file in opam's format: https://opam.ocaml.org/doc/Manual.html#Common-file-format
 * It is lenient: what it does not understand is passed over.
 */
export function parseOpamFile(text: string): OpamFile {
  const tokens = [...text.matchAll(token)].flatMap(([, long, short, word]) => {
    if (long !== undefined) return [{ text: unescaped(long), isString: true }]
    if (short !== undefined) return [{ text: unescaped(short), isString: true }]
    return word === undefined ? [] : [{ text: word, isString: false }]
  })
  const fields = new Map<string, OpamValue[]>()
  const sections: string[] = []
  let field: OpamValue[] | undefined
  const is = (index: number, mark: string) => tokens[index]?.isString === false && tokens[index].text === mark
  let index = 0

  const values = (end: string): OpamValue[] => {
    const found: OpamValue[] = []
    for (; index < tokens.length && !is(index, end); index++) {
      const value = valueAt()
      if (value !== undefined) found.push(value)
    }
    return found
  }
  const valueAt = (): OpamValue | undefined => {
    const { text: word = '', isString = false } = tokens[index] ?? {}
    if (isString) return word
    if (word !== '[' && word !== '(' && word !== '{') return undefined
    index++
    const inner = values(closing[word])
    return word === '[' ? inner : undefined
  }

  for (; index < tokens.length; index++) {
    const { text: word = '', isString = false } = tokens[index] ?? {}
    if (!isString && is(index + 1, ':')) {
      field = []
      fields.set([...sections, word].join('.'), field)
      index++
    } else if (!isString && /^[\w-]+$/.test(word) && (is(index + 1, '{') || (tokens[index + 1]?.isString === true && is(index + 2, '{')))) {
      sections.push(word)
      index += is(index + 1, '{') ? 1 : 2
      field = undefined
    } else if (is(index, '}')) sections.pop()
    else {
      const value = valueAt()
      if (value !== undefined) field?.push(value)
    }
  }
  return fields
}

/** The strings of a field: one, or a list of some. */
export function textsOf(file: OpamFile, field: string): string[] {
  const [first] = file.get(field) ?? []
  if (first === undefined) return []
  return (typeof first === 'string' ? [first] : first).filter((value) => typeof value === 'string')
}

const closing = { '[': ']', '(': ')', '{': '}' } as const
/** Comments first, so that nothing in them is taken for anything. */
const token = /#.*|\(\*[^]*?\*\)|"""([^]*?)"""|"((?:[^"\\]|\\[^])*)"|([[\](){}:]|[A-Za-z0-9_][\w.+~-]*)/g

function unescaped(text: string): string {
  return text.replace(/\\\r?\n\s*/g, '').replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character === 't' ? '\t' : character))
}
