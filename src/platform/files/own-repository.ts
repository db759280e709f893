import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository that this program is of, whether it runs as the bundle in dist/ or from its sources. */
export const ownRepository = repositoryAbove(dirname(fileURLToPath(import.meta.url)));

/** The nearest folder above one of ours that is an action, and its templates and loader beside it: a file may move, that stays. */
export function repositoryAbove(folder: string): string {
  const parent = dirname(folder);
  return parent === folder || existsSync(join(parent, "action.yml")) ? parent : repositoryAbove(parent);
}
