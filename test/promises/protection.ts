/** What keeps a promise: one piece of the sources without which its test fails. */
export interface Protection {
  /** The promise's test, as docs/threat-model.md names it. */
  readonly test: string;
  /** Relative to the repository; that of a dependency is below node_modules/. */
  readonly file: string;
  /** The smallest piece that is the protection; it stands in the file once. */
  readonly from: string;
  /** What stands there without it. */
  readonly to: string;
}

/** The protections of each test. */
export type ProtectionTable = Readonly<Record<string, readonly (readonly [file: string, from: string, to: string])[]>>;
