import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Artifact, readArtifact } from "../artifact/artifact.js";
import { checksumFile } from "../artifact/checksums.js";

/** One leg of a matrix, as its artifact tells it. */
export interface CollectedLeg extends Artifact {
  /** The text of its junit.xml; undefined when nothing was booted. */
  readonly junit: string | undefined;
}

/**
 * Reads artifacts of a run.
 *
 * @param folder absolute.
 * @throws Problem when one is not as `publish` left it.
 */
export async function readLegs(folder: string, artifacts: readonly string[]): Promise<CollectedLeg[]> {
  const legs: CollectedLeg[] = [];
  for (const name of artifacts) {
    const artifact = await readArtifact(join(folder, name));
    const isBooted = artifact.checksums.some((file) => file.name === "junit.xml");
    legs.push({ ...artifact, junit: isBooted ? await readFile(join(artifact.path, "junit.xml"), "utf8") : undefined });
  }
  return legs;
}

/** One SHA256SUMS for all legs; names are relative to the folder that the artifacts lie in. */
export function mergedChecksums(legs: readonly CollectedLeg[]): string {
  return checksumFile(
    legs.flatMap((leg) => leg.checksums.map(({ sha256, name }) => ({ sha256, name: `${leg.name}/${name}` }))),
  );
}
