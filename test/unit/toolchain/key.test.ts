import { describe, expect, it } from 'vitest'
import { keyComponents, toolchainKey } from '../../../src/toolchain/key.js'
import type { ToolchainSpec } from '../../../src/toolchain/toolchain.js'
import { exampleSpec } from './examples.js'

describe('the key of a toolchain', () => {
  it('stays the same from release to release, or every cache in the world is lost', () => {
    expect(toolchainKey(exampleSpec)).toBe('unikernel-ci-3-solo5-x86_64-5.5.0-5385df5972f3a0e9')
  })

  it('is accepted by the actions cache', () => {
    const packages = Array.from({ length: 500 }, (_, index) => `package-${index},with-a-comma`)
    const key = toolchainKey({ ...exampleSpec, packages })
    expect(key.length).toBeLessThanOrEqual(512)
    expect(key).not.toContain(',')
  })

  it('does not depend on the order of the versions', () => {
    const versions = { solo5: '0.12.1', mirage: '4.11.2', 'ocaml-solo5': '1.3.4', ocaml: '5.5.0' }
    expect(toolchainKey({ ...exampleSpec, versions })).toBe(toolchainKey(exampleSpec))
  })

  const changes: Readonly<{ [Field in keyof ToolchainSpec]: ToolchainSpec[Field] }> = {
    backend: 'unikraft',
    architecture: 'aarch64',
    hostArchitecture: 'aarch64',
    hostSystem: 'ubuntu 26.04',
    cCompiler: 'gcc 13.3.1',
    versions: { ...exampleSpec.versions, solo5: '0.12.0' },
    repositories: [{ name: 'default', url: 'git+https://github.com/ocaml/opam-repository#97014be6' }],
    packages: [...exampleSpec.packages, 'ocaml-option-flambda'],
    pins: [{ package: 'mirage', url: 'git+https://github.com/mirage/mirage#main' }],
    slim: false,
  }
  it.each(Object.entries(changes))('is another one when %s changes', (field, value) => {
    expect(toolchainKey({ ...exampleSpec, [field]: value })).not.toBe(toolchainKey(exampleSpec))
  })

  it('is another one when a repository on this machine has another content', () => {
    const keyWith = (content?: string) =>
      toolchainKey({ ...exampleSpec, repositories: [{ name: 'mine', url: 'file:///opt/repository', ...(content === undefined ? {} : { content }) }] })
    expect(new Set([keyWith(), keyWith('a'), keyWith('b')]).size).toBe(3)
  })

  it('prints every component', () => {
    expect(keyComponents(exampleSpec)).toEqual([
      ['format', '3'],
      ['target', 'solo5 x86_64'],
      ['host', 'ubuntu 24.04 x86_64'],
      ['C compiler', 'gcc 13.3.0'],
      ['versions', 'mirage 4.11.2 ocaml 5.5.0 ocaml-solo5 1.3.4 solo5 0.12.1'],
      ['repositories', 'default=https://opam.ocaml.org'],
      ['packages', 'ocaml-base-compiler.5.5.0 dune ocamlfind solo5.0.12.1 ocaml-solo5.1.3.4 mirage.4.11.2'],
      ['pins', ''],
      ['slim', 'true'],
    ])
  })
})
