import { readFile } from "node:fs/promises";
import { isMissing, Problem } from "../problem.js";

/**
 * The error for a file that is no longer the one that this run has found or made: two runs of one project share its
 * build's folder.
 */
export function changedMeanwhile(path: string, because: string, cause?: unknown): Problem {
  const remedy = "build it again, or download it again, and let no other program write to it";
  return new Problem(`${path} has changed`, { because, do: remedy }, { cause });
}

/**
 * For `catch`, where a file is used that was there before.
 *
 * @throws Problem when the error is that a file is missing; the error itself otherwise.
 */
export const ifRemoved =
  (path: string) =>
  (error: unknown): never => {
    throw isMissing(error) ? changedMeanwhile(path, "it was removed", error) : error;
  };

/** Reads a file that was there before. */
export const readAgain = (path: string): Promise<Buffer> => readFile(path).catch(ifRemoved(path));
