import { describe, expect, test } from 'vitest'
import { compareVersions, readDependencies, readStrings, satisfies } from '../../../src/project/opam-file.js'

// In the form that mirage 4.11 writes.
const opam = `# a comment with "quotes"
opam-version: "2.0"
description: """
depends: [ "nothing" ]
"""
depends: [
  "lwt" { ?monorepo }
  "mirage" { build & >= "4.11.0" & < "4.12.0" } (* not "this" *)
  "duration"
  "left" {>= "1"} | "right" & "both"
  ("one" | "two" {= "2"})
  "loose" {>= "1" | = "0.5"}
]
build: ["make" "build"]
x-opam-monorepo-opam-provided: ["mirage" "solo5"]
`

describe('the dependencies in an opam file', () => {
  test('are those that are certain, with all bounds and filters', () => {
    expect(readDependencies(opam)).toEqual([
      { name: 'lwt', constraints: [], filters: ['?monorepo'] },
      {
        name: 'mirage',
        constraints: [
          { relation: '>=', version: '4.11.0' },
          { relation: '<', version: '4.12.0' },
        ],
        filters: ['build'],
      },
      { name: 'duration', constraints: [], filters: [] },
      { name: 'both', constraints: [], filters: [] },
      { name: 'loose', constraints: [], filters: [] },
    ])
  })

  test('may be one, without brackets, or none', () => {
    expect(readDependencies('depends: "mirage"').map(({ name }) => name)).toEqual(['mirage'])
    expect(readDependencies('synopsis: "none"')).toEqual([])
    expect(readDependencies('depends: [ "unfinished" {>= "1"').map(({ name }) => name)).toEqual(['unfinished'])
  })

  test('strings of another field', () => {
    expect(readStrings(opam, 'x-opam-monorepo-opam-provided')).toEqual(['mirage', 'solo5'])
    expect(readStrings(opam, 'x-none')).toEqual([])
  })
})

// A time with the square of the length would be minutes.
test.each(['\\"', '"\\', '(*', '(* *', '"""', '(', '{'])('a megabyte of %j is read at once', (word) => {
  const start = performance.now()
  readDependencies(`depends: [ ${word.repeat(1024 ** 2 / word.length)}`)
  expect(performance.now() - start).toBeLessThan(3_000)
})

describe('versions', () => {
  test('are in opam’s order', () => {
    const ordered = ['0.9', '0.10.0~beta', '0.10.0', '0.10.0+dune', '0.10.0.1', '4.11.1', 'dev', 'zdev']
    for (let at = 1; at < ordered.length; at++) {
      expect(compareVersions(ordered[at - 1] ?? '', ordered[at] ?? ''), ordered[at]).toBeLessThan(0)
      expect(compareVersions(ordered[at] ?? '', ordered[at - 1] ?? ''), ordered[at]).toBeGreaterThan(0)
    }
    expect(compareVersions('1.02', '1.2')).toBe(0)
  })

  test.each([
    ['0.12.1', '<', '0.13.0', true],
    ['0.13.0', '<', '0.13.0', false],
    ['0.13.0', '<=', '0.13.0', true],
    ['0.10', '>=', '0.9', true],
    ['0.9', '>', '0.9', false],
    ['1', '=', '1', true],
    ['1', '!=', '1', false],
  ] as const)('%s %s %s: %s', (version, relation, bound, holds) => {
    expect(satisfies(version, { relation, version: bound })).toBe(holds)
  })
})
