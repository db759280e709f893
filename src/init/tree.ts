import { lstatSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** The files of a repository, by their paths relative to it. */
export interface Tree {
  /** Sorted. */
  readonly paths: readonly string[];
  /** Empty for a missing or large file, and for a link. */
  text(path: string): string;
}

/** Sources of others, and what builds leave. */
const skipped = /^(?:[._].*|duniverse|vendors?|vendored|node_modules|dune\.lock)$/;

/** The hidden folders with files of a CI. */
const hidden = [".github/workflows", ".forgejo/workflows", ".gitea/workflows", ".builds"] as const;

const deepest = 6;
const mostFiles = 50_000;
const mostBytes = 512 * 1024;

/**
 * Reads the names of a repository's files now, and their texts when they are asked for. A folder named `dune.lock` is
 * listed, but not what it contains.
 */
export function readTree(root: string): Tree {
  const paths: string[] = [];
  const walk = (below: string, depth: number): void => {
    for (const entry of entriesOf(join(root, below))) {
      const path = below === "" ? entry.name : `${below}/${entry.name}`;
      if (paths.length >= mostFiles) return;
      if (entry.isFile()) paths.push(path);
      else if (entry.isDirectory() && entry.name === "dune.lock") paths.push(path);
      else if (entry.isDirectory() && depth < deepest && !skipped.test(entry.name)) walk(path, depth + 1);
    }
  };
  walk("", 0);
  for (const folder of hidden) {
    const files = entriesOf(join(root, folder)).filter((entry) => entry.isFile());
    paths.push(...files.map(({ name }) => `${folder}/${name}`));
  }
  const texts = new Map<string, string>();
  return {
    paths: paths.sort(),
    text: (path) => {
      const text = texts.get(path) ?? textOf(join(root, path));
      texts.set(path, text);
      return text;
    },
  };
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function textOf(path: string): string {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats?.isFile() === true && stats.size <= mostBytes ? readFileSync(path, "utf8") : "";
}
