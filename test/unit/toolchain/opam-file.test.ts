import { expect, test } from 'vitest'
import { parseOpamFile, textsOf } from '../../../src/toolchain/opam-file.js'

const file = parseOpamFile(`opam-version: "2.0"  # a comment: "not a field"
(* license: "none" *)
description: """\\
Says "license: GPL" in a text."""
license: ["MIT" "BSD-3-clause"]
depends: [
  "ocaml" {>= "4.13.0" & < "5.0"}
  "conf-libseccomp" {build & os = "linux"}
]
available: arch = "x86_64" & (os = "linux" | os = "freebsd")
build: [make "V=1"]
url {
  src: "https://example.org/a\\"b.tar.gz"
  checksum: [
    "sha256=00"
    "md5=11"
  ]
}
extra-source "gen.ml" { src: "https://example.org/gen.ml" }
x-list: [["a" "b" ["c"]] ["d" "e"]]
`)

test('strings, lists and sections are read', () => {
  expect(textsOf(file, 'license')).toEqual(['MIT', 'BSD-3-clause'])
  expect(textsOf(file, 'url.src')).toEqual(['https://example.org/a"b.tar.gz'])
  expect(textsOf(file, 'url.checksum')).toEqual(['sha256=00', 'md5=11'])
  expect(textsOf(file, 'extra-source.src')).toEqual(['https://example.org/gen.ml'])
  expect(textsOf(file, 'depends')).toEqual(['ocaml', 'conf-libseccomp'])
  expect(file.get('x-list')).toEqual([[['a', 'b', ['c']], ['d', 'e']]])
})

test('comments and texts hold no fields', () => {
  expect(textsOf(file, 'description')).toEqual(['Says "license: GPL" in a text.'])
  expect(textsOf(file, 'nowhere')).toEqual([])
})

test('a damaged file is no reason to end', () => {
  expect(() => parseOpamFile('license: ["MIT" url { src: "x\n }}} ]]] (')).not.toThrow()
})
