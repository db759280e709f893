/**
 * Length, in bytes, of the path that a toolchain is built at. Wherever OCaml has written that path (scripts, programs,
 * files whose lengths it has recorded), it can be replaced by any path that is not longer: docs/hosting-toolchains.md.
 */
export const prefixLength = 160;

/** Stands in an archive for the toolchain's own path. */
export const placeholder = "/unikernel-ci/where-the-toolchain-is/".padEnd(prefixLength, "_");

export const placeholderBytes = Buffer.from(placeholder);

/**
 * A toolchain's path as its files have it: padded with slashes, which the kernel, shells and OCaml ignore.
 *
 * @param path absolute, {@link prefixLength} bytes at most.
 */
export function paddedPrefix(path: string): Buffer {
  const bytes = Buffer.from(path);
  if (bytes.length > prefixLength) throw new Error(`${path} is longer than ${prefixLength} bytes`);
  return Buffer.concat([bytes, Buffer.alloc(prefixLength - bytes.length, "/")]);
}

/** A text in which every copy of the path is padded as by {@link paddedPrefix}, also where a program wrote it plain. */
export function padded(content: Buffer, path: string): Buffer {
  const [before = "", ...behind] = content.toString("latin1").split(`${Buffer.from(path).toString("latin1")}/`);
  const prefix = paddedPrefix(path).toString("latin1");
  return Buffer.from([before, ...behind.map((text) => `/${text.replace(/^\/+/, "")}`)].join(prefix), "latin1");
}

/** The offsets of the prefix in `content`, in bytes. */
export function prefixOffsets(content: Buffer, prefix: Buffer): number[] {
  const found: number[] = [];
  for (let at = content.indexOf(prefix); at >= 0; at = content.indexOf(prefix, at + prefix.length)) found.push(at);
  return found;
}

/** Writes the placeholder at each offset, in place. */
export function writePlaceholder(content: Buffer, offsets: readonly number[]): void {
  for (const at of offsets) placeholderBytes.copy(content, at);
}

/**
 * Writes `prefix` at each offset of a file into one part of that file, in place. A prefix may begin or end in another
 * part.
 *
 * @param start the offset of the part in the file, in bytes.
 * @param offsets in the file, in rising order.
 */
export function writePrefixIn(chunk: Buffer, start: number, offsets: readonly number[], prefix: Buffer): void {
  for (const { at, from, to } of piecesIn(chunk, start, offsets)) prefix.copy(chunk, at, from, to);
}

/** Whether this part of a file has `prefix` at each of the offsets. Parameters as of {@link writePrefixIn}. */
export function isPrefixIn(chunk: Buffer, start: number, offsets: readonly number[], prefix: Buffer): boolean {
  for (const { at, from, to } of piecesIn(chunk, start, offsets)) {
    if (prefix.compare(chunk, at, at + to - from, from, to) !== 0) return false;
  }
  return true;
}

/** The pieces of prefixes in a part of a file: bytes `from` to `to` of the prefix, at `at` in the part. */
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

/** The index of the first offset above `limit`, by bisection: a large file has thousands of offsets and of parts. */
function firstAfter(offsets: readonly number[], limit: number): number {
  let low = 0;
  for (let high = offsets.length; low < high;) {
    const middle = (low + high) >> 1;
    if ((offsets[middle] ?? 0) > limit) high = middle;
    else low = middle + 1;
  }
  return low;
}
