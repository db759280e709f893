// The code blocks of the documentation, for the tests that check and run them.
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { split } from "shlex";

export const root = resolve(import.meta.dirname, "..");

export interface Fence {
  /** `docs/matrix.md:7` */
  readonly place: string;
  readonly page: string;
  /** The word after the backticks; empty for none. */
  readonly language: string;
  readonly text: string;
}

/** The pages that people read, relative to the repository. */
export const pages: readonly string[] = [
  "README.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  "loader/README.md",
  ...readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
  ...readdirSync(join(root, "examples")).map((name) => `examples/${name}/README.md`),
];

export const textOf = (page: string): string => readFileSync(join(root, page), "utf8");

export const fences: readonly Fence[] = pages.flatMap(fencesOf);

function fencesOf(page: string): Fence[] {
  const text = textOf(page);
  return [...text.matchAll(/^( *)```(.*)\n((?:.*\n)*?)\1```$/gm)].map(
    ([, , language = "", body = ""], index, { [index]: match }) => ({
      place: `${page}:${text.slice(0, match?.index).split("\n").length}`,
      page,
      language,
      text: body,
    }),
  );
}

export interface Command {
  /** Of the page: what the command names is relative to it, or to the repository. */
  readonly folder: string;
  /** The shell's words, without variables before the program. */
  readonly words: readonly string[];
  /** What the block says that it prints. */
  readonly prints: readonly string[];
}

/** The commands of a block: in `console` the lines after `$`, each with what it prints; in `sh` every line. */
export function commandsOf({ page, language, text }: Fence): Command[] {
  const folder = page.startsWith("docs/") ? "." : dirname(page);
  const commands: Command[] = [];
  let prints: string[] = [];
  for (const line of text.replaceAll(/\\\n\s*/g, "").split("\n")) {
    const command = language === "console" ? /^\$ (.*)$/.exec(line)?.[1] : line;
    if (command === undefined) prints.push(line);
    else if (command.trim() !== "") {
      for (const part of command.replace(/\s#\s.*$/, "").split(" && ")) {
        prints = [];
        const words = split(part);
        const program = words.findIndex((word) => !/^[A-Z_]+=/.test(word));
        commands.push({ folder, words: words.slice(program), prints });
      }
    }
  }
  return commands.map((command) => ({ ...command, prints: command.prints.filter((line) => line !== "") }));
}

/** The words that our command line is given, or undefined for another program. */
export function ownWords({ words: [program = "", ...rest] }: Command): readonly string[] | undefined {
  if (program === "unikernel-ci") return rest;
  return program === "node" && rest[0]?.endsWith("dist/cli/index.js") === true ? rest.slice(1) : undefined;
}
