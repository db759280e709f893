import { WrongUse } from "../platform/problem.js";
import type { OpamPin, OpamRepository } from "./toolchain.js";

// What the inputs of a toolchain may contain, beyond versions. Each function throws a Problem that names its input.

/** Overlay repositories of `mirage configure`, which takes them as one word joined by commas; `none`: no repository. */
export function parseExtraRepositories(lines: readonly string[]): readonly OpamRepository[] {
  if (lines.length === 1 && lines[0]?.toLowerCase() === "none") return [];
  const repositories = parseRepositories(lines, "extra-repos");
  const wrong = repositories.find(({ url }) => url.includes(","));
  if (wrong !== undefined)
    throw new WrongUse(`input extra-repos: the URL of ${wrong.name} has a comma, which mirage reads as its end`);
  return repositories;
}

/** `name: url`, one per line; the first repository wins. */
export function parseRepositories(lines: readonly string[], input = "opam-repositories"): readonly OpamRepository[] {
  const repositories = lines.map((line): OpamRepository => {
    const [, name, url] = /^(\w[\w.-]*):\s+([^\s-]\S*)$/.exec(line) ?? [];
    if (name === undefined || url === undefined) {
      throw new WrongUse(`input ${input}: ${JSON.stringify(line)} is not accepted`, {
        accepted: "`name: url`, one per line, such as `default: https://opam.ocaml.org`",
      });
    }
    return { name, url };
  });
  const names = repositories.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new WrongUse(`input ${input}: ${twice} is listed twice`, { do: "rename one" });
  return repositories;
}

/** Sorted: the order in which pins are written does not change the toolchain. */
export function parsePins(lines: readonly string[]): readonly OpamPin[] {
  const pins = inOrder(lines).map(parsePin);
  const names = pins.map((pin) => pin.package.split(".")[0]);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new WrongUse(`input opam-pins: ${twice} is listed twice`, { do: "remove one" });
  return pins;
}

/** Each word once, sorted. */
export const inOrder = (words: readonly string[]): readonly string[] => [...new Set(words)].sort();

function parsePin(line: string): OpamPin {
  const [, name, url] = /^([\w.+~-]+)\s+(\S+)$/.exec(line) ?? [];
  if (name === undefined || name.startsWith("-") || url === undefined || url.startsWith("-")) {
    throw new WrongUse(`input opam-pins: ${JSON.stringify(line)} is not accepted`, {
      accepted:
        "`package url` or `package.version url`, one per line, such as " +
        "`mirage git+https://github.com/mirage/mirage#main`",
    });
  }
  return { package: name, url };
}

/** opam would read a word that begins with a dash as an option. */
export function checkPackage(word: string): string {
  if (/^[A-Za-z0-9][\w.+~<>=!-]*$/.test(word)) return word;
  throw new WrongUse(`input opam-packages: ${JSON.stringify(word)} is not accepted`, {
    accepted: "names of opam packages, with or without a version: `lwt.5.9.1 ocaml-option-flambda`",
  });
}

/** Configure scripts and makefiles get the C flags as one text, which shells split again. */
export function checkFlag(word: string): string {
  if (/^-[\w+=,./:-]+$/.test(word)) return word;
  throw new WrongUse(`input c-flags: ${JSON.stringify(word)} is not accepted`, {
    accepted: "gcc options without whitespace or quotes, such as `-O3 -fstack-protector-strong`",
  });
}
