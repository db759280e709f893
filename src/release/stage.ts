import { copyFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { replaceFolder, sha256OfFile } from '../platform/atomic.js'
import type { LocalAsset } from '../platform/release-service.js'
import { checksumFile } from '../report/checksums.js'
import { type ReleaseImage, debugName } from './images.js'

/** A file that is made for the release. */
export interface GeneratedFile {
  readonly name: string
  readonly content: string
}

export const sumsName = 'SHA256SUMS'
const contentTypes = { json: 'application/json', text: 'text/plain; charset=utf-8', binary: 'application/octet-stream' } as const

/**
 * Puts the files of a release into a folder under the names that they will have.
 *
 * @returns all of them, SHA256SUMS last; it lists all others.
 */
export async function stage(folder: string, images: readonly ReleaseImage[], generated: readonly GeneratedFile[]): Promise<readonly LocalAsset[]> {
  const names: string[] = []
  await replaceFolder(folder, async (draft) => {
    const copy = async (released: ReleaseImage, file: string, name: string) => {
      await copyFile(join(released.artifact.path, file), join(draft, name))
      names.push(name)
    }
    for (const released of images) {
      const { file, debugFile } = released.image
      await copy(released, file, released.name)
      if (debugFile !== null) await copy(released, debugFile, debugName(released))
    }
    for (const { name, content } of generated) {
      await writeFile(join(draft, name), content)
      names.push(name)
    }
    const sums = await Promise.all(names.map(async (name) => ({ name, sha256: await sha256OfFile(join(draft, name)) })))
    await writeFile(join(draft, sumsName), checksumFile(sums))
  })
  return Promise.all([...names, sumsName].map((name) => assetAt(folder, name)))
}

async function assetAt(folder: string, name: string): Promise<LocalAsset> {
  const path = join(folder, name)
  const kind = name.endsWith('.json') ? 'json' : name === sumsName ? 'text' : 'binary'
  return { path, name, contentType: contentTypes[kind], bytes: (await stat(path)).size, sha256: await sha256OfFile(path) }
}
