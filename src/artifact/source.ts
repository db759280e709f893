import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import * as v from "valibot";
import { writeFileAtomically } from "../platform/files/atomic.js";
import { hashOf } from "../platform/files/folder-content.js";
import type { Context } from "../platform/host.js";
import { type WorkTree, workTreeAt } from "../platform/work-tree.js";
import type { SourceFacts } from "./schema.js";

/** The source of a build that begins. */
export interface BuildSource {
  readonly facts: SourceFacts | undefined;
  /** Call it after the build: what the build has left in the work tree is no change of a later build's source. */
  readonly built: () => Promise<void>;
}

/** Folders of the command line in the workspace. */
const ours = new Set(["_artifacts", "_collect", "_release"]);
/** Build info is not a log: that there are changes matters, and where. */
const mostChanges = 20;

/**
 * Records the commit that is checked out around a project, and the files that differ from it.
 *
 * @param directory of the project; absolute.
 */
export async function beginSource(context: Context, directory: string): Promise<BuildSource> {
  const tree = await workTreeAt(context, directory);
  if (tree === undefined) return { facts: undefined, built: () => Promise.resolve() };
  const path = leftPath(context, tree);
  const left = new Set(await readLeft(path));
  const foreign = foreignIn(tree).filter((name) => !left.has(name));
  const changes = [...tree.changed, ...foreign];
  return {
    facts: { commit: tree.commit, changes: changes.slice(0, mostChanges) },
    built: async () => {
      const now = await workTreeAt(context, directory);
      // What was there before is still a change.
      const known = new Set(foreign);
      const products =
        now === undefined ? [] : foreignIn(now).filter((name) => /* promise: changes-stay-changes */ !known.has(name));
      await writeFileAtomically(path, JSON.stringify(products));
    },
  };
}

const foreignIn = ({ untracked }: WorkTree): string[] => untracked.filter((name) => !ours.has(basename(name)));

function leftPath({ host }: Context, { root, commit }: WorkTree): string {
  return join(host.folders.state, "records", `left-${hashOf(`${root}\0${commit}`, 32)}.json`);
}

/** An unreadable list counts as empty: then a file that a build has left is a change. */
async function readLeft(path: string): Promise<readonly string[]> {
  try {
    return v.parse(v.array(v.string()), JSON.parse(await readFile(path, "utf8")));
  } catch {
    return [];
  }
}
