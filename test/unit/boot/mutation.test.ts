import { expect, test } from 'vitest'
import * as dialect from '../../../src/boot/dialect.js'
import { judge, realConsoles, writtenConsoles } from './consoles.js'

/** Every pattern of a value, by the way that leads to it. */
function patternsIn(value: unknown, path: string): (readonly [string, RegExp])[] {
  if (value instanceof RegExp) return value.source === '(?!)' ? [] : [[path, value]]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, part]) => patternsIn(part, `${path}.${name}`))
}

/** A pattern of which nothing matches: `test` and `replace` go through `exec`. */
function withoutPattern<T>(pattern: RegExp, body: () => T): T {
  pattern.exec = () => null
  try {
    return body()
  } finally {
    Reflect.deleteProperty(pattern, 'exec')
  }
}

const consoles = [...realConsoles, ...writtenConsoles]
const verdicts = () => consoles.map((each) => ({ name: each.name, ...judge(each) }))
const patterns = patternsIn(dialect, 'dialect')

test('all rules are found', () => {
  expect(patterns.map(([path]) => path)).toEqual(
    expect.arrayContaining([
      'dialect.dialects.solo5.ends.3.pattern',
      'dialect.dialects.unikraft.banner.last',
      'dialect.firmware.prefix',
      'dialect.ocamlDeath.1.pattern',
      'dialect.kvmFailures.0',
      'dialect.monitorWords',
    ]),
  )
})

test.each(patterns)('a console changes its verdict without the rule %s', (_, pattern) => {
  const right = verdicts()
  const changed = withoutPattern(pattern, verdicts).filter((verdict, index) => JSON.stringify(verdict) !== JSON.stringify(right[index]))
  expect(changed, `no console needs ${String(pattern)}`).not.toEqual([])
  expect(verdicts()).toEqual(right)
})
