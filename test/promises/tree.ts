import { execFileSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { root } from "../documentation.js";
import { type Change, changed as withChange } from "./marks.js";

/** A copy of the repository in which something may be broken. */
export interface Tree {
  readonly folder: string;
  /** Takes a protection out for as long as `body` runs. */
  readonly without: <T>(change: Change, body: () => Promise<T>) => Promise<T>;
  readonly remove: () => void;
}

/** The files that git knows, and those that it would take in, relative to the repository. */
export function filesOfTree(): string[] {
  const names = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  // A file in conflict is there three times.
  return [...new Set(names.split("\0"))].filter((name) => name !== "" && existsSync(join(root, name)));
}

/**
 * Copies files of the repository, with links to the packages that are installed.
 *
 * @param changed files that will be changed: packages that have one are copied.
 */
export function copyTree(names: readonly string[], changed: readonly string[]): Tree {
  const folder = mkdtempSync(join(tmpdir(), "unikernel-ci-promises-"));
  // Tests run jobs as other users, too.
  chmodSync(folder, 0o755);
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  process.once("exit", remove);
  for (const name of new Set(names.map((path) => dirname(path)))) mkdirSync(join(folder, name), { recursive: true });
  for (const name of names) cpSync(join(root, name), join(folder, name), { verbatimSymlinks: true });
  // What tests have fetched and made for themselves.
  if (existsSync(join(root, ".cache"))) symlinkSync(join(root, ".cache"), join(folder, ".cache"));
  mkdirSync(join(folder, "node_modules"));
  for (const name of readdirSync(join(root, "node_modules"))) {
    const [from, to] = [join(root, "node_modules", name), join(folder, "node_modules", name)];
    if (changed.some((path) => path.startsWith(`node_modules/${name}/`)))
      cpSync(from, to, { recursive: true, verbatimSymlinks: true });
    else symlinkSync(from, to);
  }
  return {
    folder,
    async without(change, body) {
      const path = join(folder, change.file);
      const text = readFileSync(path, "utf8");
      writeFileSync(path, withChange(text, change));
      try {
        return await body();
      } finally {
        writeFileSync(path, text);
      }
    },
    remove,
  };
}
