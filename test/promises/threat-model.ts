// The promises of docs/threat-model.md, each with the test that it names.
import { textOf } from "../documentation.js";

export interface Promised {
  /** The sentence. */
  readonly promise: string;
  /** The file of its test, relative to the repository. */
  readonly file: string;
  /** A part of the test's name as the file has it: `%s` stands for what the test is given. */
  readonly test: string;
}

const [, section = ""] = textOf("docs/threat-model.md").split("\n## What we promise\n");

export const promises: readonly Promised[] = [
  ...(section.split("\n## ")[0] ?? "").matchAll(/^\| (.+?) \| `(test\/[\w./-]+)`: “(.+?)” \|$/gm),
].map(([, promise = "", file = "", test = ""]) => ({ promise, file, test }));

/** What the names of a promise's tests have in them, as vitest's `-t` takes it. */
export const patternOf = ({ test }: Pick<Promised, "test">): string =>
  test.replaceAll(/[$()*+.?[\\\]^{|}]/g, (mark) => `\\${mark}`).replaceAll(/%[a-z]/g, "[^]*");
