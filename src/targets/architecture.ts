/** The instruction sets a unikernel can be built for. */
export const architectures = ["x86_64", "aarch64"] as const;
export type Architecture = (typeof architectures)[number];

const synonyms: Readonly<Record<string, Architecture>> = {
  x86_64: "x86_64",
  amd64: "x86_64",
  x64: "x86_64",
  aarch64: "aarch64",
  arm64: "aarch64",
};

/** Every name that {@link architectureOf} understands, for error messages. */
export const architectureWords: readonly string[] = Object.keys(synonyms);

/**
 * The architecture of a name, in capitals or not: Linux, Debian, Node, Go and `runner.arch` each use different ones.
 *
 * @returns undefined for any other name.
 */
export function architectureOf(word: string): Architecture | undefined {
  const name = word.toLowerCase();
  return Object.hasOwn(synonyms, name) ? synonyms[name] : undefined;
}
