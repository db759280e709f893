import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository that this program is of: as deep below it lie the bundle (dist/cli/) and this source. */
export const ownRepository = join(dirname(fileURLToPath(import.meta.url)), '../../..')

/** @param path relative to templates/. */
export function readTemplate(path: string): Promise<string> {
  return readFile(join(ownRepository, 'templates', path), 'utf8')
}
