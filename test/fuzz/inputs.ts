// Arbitrary inputs close to what a parser accepts: real bytes changed a little, words of a language in any order.
import fc from "fast-check";

const telling = [
  0, 1, 2, 4, 7, 8, 16, 63, 64, 127, 128, 255, 0x100, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff,
];

type Edit = (bytes: Buffer) => Buffer;

/** Headers are where the meaning is: half of the places are among the first 256 bytes. */
const place = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 0, max: 255 }));
const at = (bytes: Buffer, where: number) =>
  where > 1 ? Math.min(where, bytes.length) : Math.floor(where * bytes.length);

const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.tuple(place, fc.integer({ min: 0, max: 255 })).map(([where, value]): Edit => (bytes) => {
    bytes[at(bytes, where)] = value;
    return bytes;
  }),
  fc
    .tuple(place, fc.constantFrom(1, 2, 4, 8), fc.constantFrom(...telling))
    .map(([where, width, value]): Edit => (bytes) => {
      const field = Buffer.alloc(8);
      field.writeBigUInt64LE(BigInt(value));
      bytes.set(
        field.subarray(0, Math.min(width, Math.max(0, bytes.length - at(bytes, where)))),
        Math.min(at(bytes, where), bytes.length),
      );
      return bytes;
    }),
  fc.tuple(place, place).map(
    ([from, to]): Edit =>
      (bytes) =>
        Buffer.concat([bytes.subarray(0, at(bytes, from)), bytes.subarray(at(bytes, to))]),
  ),
  fc.tuple(place, fc.uint8Array({ maxLength: 64 })).map(([where, more]): Edit => (bytes) => {
    const cut = at(bytes, where);
    return Buffer.concat([bytes.subarray(0, cut), more, bytes.subarray(cut)]);
  }),
  place.map(
    (where): Edit =>
      (bytes) =>
        bytes.subarray(0, at(bytes, where)),
  ),
);

/** One of the files, with some bytes changed, moved, taken out or put in. */
export function changed(...files: readonly Buffer[]): fc.Arbitrary<Buffer> {
  return fc
    .tuple(fc.constantFrom(...files), fc.array(edit, { maxLength: 8 }))
    .map(([file, edits]) => edits.reduce<Buffer>((bytes, apply) => apply(bytes), Buffer.from(file)));
}

const mostStretched = 128 * 1024;

/** Texts of words in any order, of any characters, and of one word over and over: what backtracks shows there. */
export function textOf(...words: readonly string[]): fc.Arbitrary<string> {
  return textUpTo(mostStretched, ...words);
}

/** @param most characters of a word over and over, for what is slow with long texts for reasons of its own. */
export function textUpTo(most: number, ...words: readonly string[]): fc.Arbitrary<string> {
  const word = fc.constantFrom(...words);
  const any = fc.string({ unit: "binary", maxLength: 20 });
  const piece = fc.oneof({ weight: 4, arbitrary: word }, { weight: 1, arbitrary: any });
  const some = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(""));
  const stretched = fc
    .tuple(
      fc.array(piece, { maxLength: 3 }),
      fc.array(piece, { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 1, max: most }),
      fc.array(piece, { maxLength: 3 }),
    )
    .map(([before, over, length, after]) => {
      const repeated = over.join("") === "" ? "x" : over.join("");
      const middle = repeated.repeat(Math.ceil(length / repeated.length)).slice(0, length);
      return `${before.join("")}${middle}${after.join("")}`;
    });
  return fc.oneof({ weight: 9, arbitrary: some }, { weight: 1, arbitrary: stretched });
}

/** A value like the given one, in which some parts are others. */
export function changedJson(value: unknown): fc.Arbitrary<unknown> {
  const anything = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom(-1, 0.5, 2 ** 53, 1e308, "", "..", "/", "__proto__", "\0", "a".repeat(5_000)),
    fc.constant(undefined),
  );
  const like = (part: unknown): fc.Arbitrary<unknown> => {
    if (Array.isArray(part)) {
      const items = fc.tuple(...part.map(like));
      return fc
        .tuple(items, fc.boolean(), fc.boolean())
        .map(([all, twice, none]) => (none && twice ? [] : twice ? [...all, ...all.slice(0, 1)] : all));
    }
    if (typeof part === "object" && part !== null) {
      const names = Object.keys(part);
      return fc
        .tuple(...Object.values(part).map(some))
        .map((values) => Object.fromEntries(names.map((name, index) => [name, values[index]])));
    }
    return fc.constant(part);
  };
  const some = (part: unknown): fc.Arbitrary<unknown> =>
    fc.oneof({ weight: 14, arbitrary: fc.constant(null).chain(() => like(part)) }, { weight: 1, arbitrary: anything });
  return some(value);
}

/** The text of such a value, and what JSON itself makes easy: prototype keys, depth. */
export function jsonText(value: unknown): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 8, arbitrary: changedJson(value).map((changed) => JSON.stringify(changed)) },
    { weight: 1, arbitrary: fc.json() },
    {
      weight: 1,
      arbitrary: fc.integer({ min: 1, max: 100_000 }).map((depth) => `${"[".repeat(depth)}${"]".repeat(depth)}`),
    },
    {
      weight: 1,
      arbitrary: changedJson(value).map(
        (changed) => `{"__proto__":${JSON.stringify(changed)},"constructor":{"prototype":{"polluted":1}}}`,
      ),
    },
    { weight: 1, arbitrary: textOf("{", "}", "[", "]", '"', ":", ",", "null", "1e9", "\\u0000") },
  );
}

/** How a stream of so many bytes comes in pieces. */
export function cuts(): fc.Arbitrary<(bytes: Buffer) => Buffer[]> {
  return fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 12 }).map((sizes) => (bytes) => {
    const pieces: Buffer[] = [];
    for (let start = 0, index = 0; start < bytes.length; index++) {
      const size = sizes[index % sizes.length] ?? 1;
      pieces.push(bytes.subarray(start, start + size));
      start += size;
    }
    return pieces;
  });
}

// eslint-disable-next-line @typescript-eslint/require-await
export async function* asyncOf<Piece>(pieces: readonly Piece[]): AsyncGenerator<Piece> {
  yield* pieces;
}
