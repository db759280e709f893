/**
 * Length, in bytes, of the path that a toolchain is built at: whatever OCaml writes down of it (in scripts, in programs,
 * in files that its own code measured) can be rewritten to any path that is not longer. docs/caching.md tells how.
 */
export const prefixLength = 160;

/** Stands in an archive wherever a toolchain has its own path. */
export const placeholder = "/unikernel-ci/where-the-toolchain-is/".padEnd(prefixLength, "_");

const placeholderBytes = Buffer.from(placeholder);

/**
 * A toolchain's path as its files have it: slashes fill it up, which mean nothing to the kernel, to a shell or to OCaml.
 *
 * @param path absolute, {@link prefixLength} bytes at most.
 */
export function paddedPrefix(path: string): Buffer {
  const bytes = Buffer.from(path);
  if (bytes.length > prefixLength) throw new Error(`${path} is longer than ${prefixLength} bytes`);
  return Buffer.concat([bytes, Buffer.alloc(prefixLength - bytes.length, "/")]);
}

/** A text with the path as {@link paddedPrefix} has it also where a program has written it as it is. */
export function padded(content: Buffer, path: string): Buffer {
  const [before = "", ...behind] = content.toString("latin1").split(`${Buffer.from(path).toString("latin1")}/`);
  const prefix = paddedPrefix(path).toString("latin1");
  return Buffer.from([before, ...behind.map((text) => `/${text.replace(/^\/+/, "")}`)].join(prefix), "latin1");
}

/** Where in `content` the prefix stands, in bytes from its start. */
export function prefixOffsets(content: Buffer, prefix: Buffer): number[] {
  const found: number[] = [];
  for (let at = content.indexOf(prefix); at >= 0; at = content.indexOf(prefix, at + prefix.length)) found.push(at);
  return found;
}

/** Writes the placeholder over what stands at each offset, in place. */
export function writePlaceholder(content: Buffer, offsets: readonly number[]): void {
  for (const at of offsets) placeholderBytes.copy(content, at);
}

/**
 * Writes `prefix` over what stands at each offset of a file, in a part of it and in place; what an offset names may begin or
 * end in another part.
 *
 * @param start where the part stands in the file, in bytes.
 * @param offsets in the file, in rising order.
 */
export function writePrefixIn(chunk: Buffer, start: number, offsets: readonly number[], prefix: Buffer): void {
  for (const { at, from, to } of piecesIn(chunk, start, offsets)) prefix.copy(chunk, at, from, to);
}

/** Whether the placeholder stands at each of the offsets, so far as this part of the file shows; as {@link writePrefixIn}. */
export function isPlaceholderIn(chunk: Buffer, start: number, offsets: readonly number[]): boolean {
  for (const { at, from, to } of piecesIn(chunk, start, offsets)) {
    if (placeholderBytes.compare(chunk, at, at + to - from, from, to) !== 0) return false;
  }
  return true;
}

/** The pieces of a prefix that a part of a file has: from `from` to `to` of the prefix, at `at` of the part. */
function* piecesIn(
  chunk: Buffer,
  start: number,
  offsets: readonly number[],
): Generator<{ at: number; from: number; to: number }> {
  const end = start + chunk.length;
  for (let next = firstAfter(offsets, start - prefixLength); next < offsets.length; next++) {
    const offset = offsets[next] ?? end;
    if (offset >= end) return;
    const from = Math.max(0, start - offset);
    yield { at: offset + from - start, from, to: Math.min(prefixLength, end - offset) };
  }
}

/** The index of the first offset above `limit`: a large file has thousands of them, and comes in thousands of parts. */
function firstAfter(offsets: readonly number[], limit: number): number {
  let low = 0;
  for (let high = offsets.length; low < high;) {
    const middle = (low + high) >> 1;
    if ((offsets[middle] ?? 0) > limit) high = middle;
    else low = middle + 1;
  }
  return low;
}
