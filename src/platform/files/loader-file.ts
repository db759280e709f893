import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))

/**
 * The loader for Firecracker's images (loader/README.md): beside the bundle, where scripts/bundle.mjs puts it; when run
 * from source, where `make -C loader` does. Absolute path; nothing need be there.
 */
export function loaderFile(): string {
  const bundled = join(here, 'firecracker-loader')
  return existsSync(bundled) ? bundled : join(here, '../../loader/dist/firecracker-loader')
}
