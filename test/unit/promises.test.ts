// `npm run promises` takes each of these protections out and looks whether the promise's test fails: the table must be whole for that.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root, textOf } from '../documentation.js'
import { protections } from '../promises/protections.js'
import { promises } from '../promises/threat-model.js'

const piecesIn = (text: string, piece: string) => text.split(piece).length - 1
const sources = (readdirSync(join(root, 'src'), { recursive: true }) as string[]).filter((name) => name.endsWith('.ts')).map((name) => `src/${name}`)
const whereIs = (piece: string) => sources.filter((file) => textOf(file).includes(piece))

describe('the table of protections', () => {
  it('has all promises of the threat model, each with a test of its own', () => {
    expect(promises.length).toBe(piecesIn(textOf('docs/threat-model.md'), '`: “'))
    expect(new Set(promises.map(({ test }) => test)).size).toBe(promises.length)
  })

  it.each(promises.map(({ test, promise }) => [test, promise]))('has at least one for “%s”: %s', (name) => {
    expect(protections.filter(({ test }) => test === name)).not.toEqual([])
  })

  it('has none that no promise needs', () => {
    const names = promises.map(({ test }) => test)
    expect(protections.filter(({ test }) => !names.includes(test))).toEqual([])
  })

  it.each(protections.map(({ test, file, from, to }) => [test, file, from, to]))('“%s” is kept by one piece of %s', (_, file, from, to) => {
    const pieces = existsSync(join(root, file)) ? piecesIn(textOf(file), from) : 0
    expect(pieces, pieces === 0 ? `it stands in ${whereIs(from).join(', ')}` : undefined).toBe(1)
    expect(to).not.toBe(from)
  })
})
