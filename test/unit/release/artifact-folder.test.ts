import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { findArtifacts } from '../../../src/release/artifact-folder.js'
import type { BuildInfo } from '../../../src/report/build-info.js'
import { checksumFile } from '../../../src/report/checksums.js'
import { artifact } from './fixtures.js'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'unikernel-ci-'))
})

/** An artifact as `publish` leaves it; `changed` replaces files after their checksums were taken. */
function lay(path: string, info: object, changed: Readonly<Record<string, string>> = {}): void {
  mkdirSync(path, { recursive: true })
  const files = { 'www.hvt': 'image', 'www.hvt.dbg': 'debug', 'build-info.json': JSON.stringify(info) }
  const sums = checksumFile(Object.entries(files).map(([name, text]) => ({ name, sha256: sha256(text) })))
  for (const [name, text] of Object.entries({ ...files, SHA256SUMS: sums, ...changed })) writeFileSync(join(path, name), text)
}

const info = (of: Partial<BuildInfo> = {}) => artifact('a', { sha256: sha256('image') }, of).info

describe('the artifacts in a folder', () => {
  it('are those side by side, in the order of their names; others are named', async () => {
    for (const name of ['b', 'a']) lay(join(folder, name), info())
    mkdirSync(join(folder, 'coverage'))
    const { artifacts, others } = await findArtifacts(folder)
    expect(artifacts.map(({ name }) => name)).toEqual(['a', 'b'])
    expect(artifacts[0]?.info).toEqual(info())
    expect(others).toEqual(['coverage'])
  })

  it('may be the folder itself', async () => {
    lay(join(folder, 'unikernel-www-hvt-x86_64'), info())
    const { artifacts } = await findArtifacts(join(folder, 'unikernel-www-hvt-x86_64'))
    expect(artifacts.map(({ name }) => name)).toEqual(['unikernel-www-hvt-x86_64'])
  })

  it('are missed with what is there instead', async () => {
    await expect(findArtifacts(folder)).rejects.toThrow('there is no artifact')
    await expect(findArtifacts(join(folder, 'nowhere'))).rejects.toThrow('cannot be read')
  })
})

describe('an artifact is not released', () => {
  const because = async (content: object, changed: Readonly<Record<string, string>> = {}) => {
    lay(join(folder, 'a'), content, changed)
    const problem: unknown = await findArtifacts(folder).catch((error: unknown) => error)
    return String(problem)
  }

  it('with a file that was changed', async () => {
    expect(await because(info(), { 'www.hvt': 'another' })).toContain(`the SHA-256 of www.hvt is ${sha256('another')}`)
  })

  it('with an image of which build info knows another', async () => {
    expect(await because(artifact('a').info)).toContain('www.hvt is another one in build-info.json')
  })

  it('with a list of checksums that is none, or reaches out of the folder', async () => {
    expect(await because(info(), { SHA256SUMS: 'nonsense\n' })).toContain('SHA256SUMS has a line that is no checksum')
    expect(await because(info(), { SHA256SUMS: `${sha256('')}  ../secret\n` })).toContain('names a file of another folder')
    expect(await because(info(), { SHA256SUMS: '' })).toContain('SHA256SUMS has a line that is no checksum')
  })

  it('with a link to a file elsewhere, even when its bytes are right', async () => {
    const place = join(folder, 'a')
    lay(place, info())
    renameSync(join(place, 'www.hvt'), join(folder, 'secret'))
    symlinkSync(join(folder, 'secret'), join(place, 'www.hvt'))
    await expect(findArtifacts(folder)).rejects.toMatchObject({ facts: { because: 'www.hvt is missing' } })
  })

  it.each([
    ['of another format', { ...info(), schema: 1 }],
    ['that names a file elsewhere', { ...info(), images: [{ ...info().images[0], file: '../www.hvt' }] }],
    ['without an image', { ...info(), images: [] }],
    ['without a date', { ...info(), createdAt: 'today' }],
  ])('with build info %s', async (_, content) => {
    expect(await because(content)).toContain('build-info.json is not of the format')
  })
})
