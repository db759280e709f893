/** What keeps a promise: one piece of the program, or of another file, without which the promise's test fails. */
export interface Protection {
  /** The promise's test, as docs/threat-model.md names it. */
  readonly test: string;
  readonly piece: Piece;
}

/** A piece: the ID of a mark alone stands for what is usual there (marks.ts). */
export type Piece = string | MarkedPiece | TextPiece;

/** In the code, at the comment `promise: ID`. */
export interface MarkedPiece {
  readonly mark: string;
  /** What stands there without the protection, or makes it of what is marked. */
  readonly instead: string | ((marked: string) => string);
}

/** In a file that has no marks: it is not TypeScript, or not ours. */
export interface TextPiece {
  /** Relative to the repository; that of a dependency is below node_modules/. */
  readonly file: string;
  /** Stands in the file once. */
  readonly from: string;
  readonly to: string;
}

/** The pieces that keep each promise, by the promise's test. */
export type ProtectionTable = Readonly<Record<string, readonly Piece[]>>;

/** A part of a marked literal, which no formatter changes, is missing. */
export const without =
  (part: string) =>
  (marked: string): string =>
    marked.replace(part, "");
