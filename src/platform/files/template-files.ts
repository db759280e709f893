import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ownRepository } from "./own-repository.js";

/** @param path relative to templates/. */
export function readTemplate(path: string): Promise<string> {
  return readFile(join(ownRepository, "templates", path), "utf8");
}
