/**
 * Length, in bytes, of the path that a toolchain is built at: whatever OCaml writes down of it (in scripts, in programs,
 * in files that its own code measured) can be rewritten to any path that is not longer. docs/caching.md tells how.
 */
export const prefixLength = 160

/** Stands in an archive wherever a toolchain has its own path. */
export const placeholder = '/unikernel-ci/where-the-toolchain-is/'.padEnd(prefixLength, '_')

const placeholderBytes = Buffer.from(placeholder)

/**
 * A toolchain's path as its files have it: slashes fill it up, which mean nothing to the kernel, to a shell or to OCaml.
 *
 * @param path absolute, {@link prefixLength} bytes at most.
 */
export function paddedPrefix(path: string): Buffer {
  const bytes = Buffer.from(path)
  if (bytes.length > prefixLength) throw new Error(`${path} is longer than ${prefixLength} bytes`)
  return Buffer.concat([bytes, Buffer.alloc(prefixLength - bytes.length, '/')])
}

/** Where in `content` the prefix stands, in bytes from its start. */
export function prefixOffsets(content: Buffer, prefix: Buffer): number[] {
  const found: number[] = []
  for (let at = content.indexOf(prefix); at >= 0; at = content.indexOf(prefix, at + prefix.length)) found.push(at)
  return found
}

/** Writes `prefix` over what stands at each offset, in place. */
export function writePrefix(content: Buffer, offsets: readonly number[], prefix: Buffer): void {
  for (const at of offsets) prefix.copy(content, at)
}

/** Writes the placeholder over what stands at each offset, in place. */
export function writePlaceholder(content: Buffer, offsets: readonly number[]): void {
  writePrefix(content, offsets, placeholderBytes)
}

/** Whether the placeholder stands at each of the offsets. */
export function isPlaceholderAt(content: Buffer, offsets: readonly number[]): boolean {
  return offsets.every((at) => content.subarray(at, at + prefixLength).equals(placeholderBytes))
}
