/**
 * A file whose own offsets, sizes or counts do not add up: truncated, damaged or hostile.
 * The caller that knows the file's name turns it into a `Problem`.
 */
export class MalformedFile extends Error {
  /**
   * @param what the part that could not be read, and why: a phrase that follows "the file".
   * @param offset the byte of the file where that part should be.
   */
  constructor(
    readonly what: string,
    readonly offset: number,
  ) {
    super(`${what} (at byte ${offset})`);
    this.name = "MalformedFile";
  }
}

/**
 * Reads a file in memory, or a part of one, as little-endian. Each method throws {@link MalformedFile} outside of the
 * bytes, never a RangeError.
 */
export class Bytes {
  private readonly view: DataView;
  private readonly buffer: Buffer;

  /** @param base the offset of these bytes in the file, for errors. */
  constructor(
    bytes: Uint8Array,
    private readonly base = 0,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get length(): number {
    return this.view.byteLength;
  }

  /** @param what the name of the field, for the error. */
  u8(offset: number, what: string): number {
    return this.view.getUint8(this.inside(offset, 1, what));
  }

  u16(offset: number, what: string): number {
    return this.view.getUint16(this.inside(offset, 2, what), true);
  }

  u32(offset: number, what: string): number {
    return this.view.getUint32(this.inside(offset, 4, what), true);
  }

  /** No real offset or size is above 2^53: a larger one is malformed. */
  u64(offset: number, what: string): number {
    const value = this.view.getBigUint64(this.inside(offset, 8, what), true);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.malformed(`${what} is impossibly large`, offset);
    return Number(value);
  }

  /** The low 32 bits of a 64-bit field whose high bits do not matter. */
  lowHalfOfU64(offset: number, what: string): number {
    this.inside(offset, 8, what);
    return this.view.getUint32(offset, true);
  }

  /** A part of the bytes, not copied. */
  part(offset: number, length: number, what: string): Bytes {
    this.inside(offset, length, what);
    return new Bytes(this.buffer.subarray(offset, offset + length), this.base + offset);
  }

  /** Text up to the first NUL, at most `length` bytes; each byte is one character. */
  text(offset: number, length: number, what: string): string {
    this.inside(offset, length, what);
    const raw = this.buffer.subarray(offset, offset + length);
    const end = raw.indexOf(0);
    return raw.toString("latin1", 0, end === -1 ? length : end);
  }

  startsWith(pattern: Uint8Array, offset = 0): boolean {
    return (
      offset + pattern.length <= this.length && this.buffer.subarray(offset, offset + pattern.length).equals(pattern)
    );
  }

  /** Offset of the first occurrence at or after `from`, or -1. */
  indexOf(pattern: string | Uint8Array, from = 0): number {
    return this.buffer.indexOf(pattern, from, "latin1");
  }

  /** The error for a fault at `offset` of these bytes. */
  malformed(what: string, offset: number): MalformedFile {
    return new MalformedFile(what, this.base + offset);
  }

  private inside(offset: number, length: number, what: string): number {
    // promise: reads-stay-in-the-image
    if (!(offset >= 0 && length >= 0 && offset + length <= this.length)) {
      throw this.malformed(`${what} goes beyond the end, byte ${this.base + this.length}`, offset);
    }
    return offset;
  }
}
