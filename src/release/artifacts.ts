import { join } from "node:path";
import { firstOf } from "../platform/log.js";
import { Problem } from "../platform/problem.js";
import { type Artifact, artifactsIn, isArtifact, readArtifact } from "../artifact/artifact.js";

export interface FoundArtifacts {
  /** At least one, in the order of their names. */
  readonly artifacts: readonly Artifact[];
  /** Names of folders that are no artifacts of `publish`. */
  readonly others: readonly string[];
}

/**
 * The artifacts that lie side by side in a folder, or the one that the folder is itself: actions/download-artifact leaves
 * out the inner folder when it is asked for one by its name.
 *
 * @throws Problem when there is none, or one is not as `publish` left it.
 */
export async function findArtifacts(folder: string): Promise<FoundArtifacts> {
  if (await isArtifact(folder)) return { artifacts: [await readArtifact(folder)], others: [] };
  const { artifacts: names, others } = await artifactsIn(folder);
  const artifacts: Artifact[] = [];
  for (const name of names) artifacts.push(await readArtifact(join(folder, name)));
  if (artifacts.length > 0) return { artifacts, others };
  throw new Problem(`there is no artifact of \`publish\` in ${folder}`, {
    found: others.length === 0 ? "no folder" : firstOf(others, 20).join(", "),
    accepted: "folders with a build-info.json, as actions/download-artifact puts them side by side",
  });
}
