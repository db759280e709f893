/**
 * As large as a toolchain's larger half: its host's and its cross compiler are near copies of each other, and a
 * compressor that sees both stores one. Measured on 215 MB of a real one: level 3 alone 65.5 MB, with it 45.9 MB;
 * decompression takes as long for either.
 */
const window = '--long=27'

/**
 * The command that compresses an archive, on all cores.
 *
 * @param level 9 for what is used soon (41.5 MB in 3 s), 19 for what is published (29.9 MB in 74 s).
 */
export function zstdCompress(level: number): readonly [string, ...string[]] {
  return ['zstd', '-q', '-c', `-${level}`, window, '-T0', '--check']
}

/** The command that decompresses it; a damaged one makes it fail, by the checksum that it carries. */
export const zstdDecompress: readonly [string, ...string[]] = ['zstd', '-q', '-d', '-c', window]
