import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { readFile } from "node:fs/promises";
/** The repository that this program is of, whether it runs as the bundle in dist/ or from its sources. */
export const ownRepository = repositoryAbove(dirname(fileURLToPath(import.meta.url)));

/** The nearest folder above one of ours that is an action, and its templates and loader beside it: a file may move, that stays. */
export function repositoryAbove(folder: string): string {
  const parent = dirname(folder);
  return parent === folder || existsSync(join(parent, "action.yml")) ? parent : repositoryAbove(parent);
}

/**
 * The loader for Firecracker's images (loader/README.md): beside the bundle, where scripts/bundle.mjs puts it; when run
 * from source, where `make -C loader` does. Absolute path; nothing need be there.
 */
export function loaderFile(): string {
  const bundled = join(dirname(fileURLToPath(import.meta.url)), "firecracker-loader");
  return existsSync(bundled) ? bundled : join(ownRepository, "loader/dist/firecracker-loader");
}

/** @param path relative to templates/. */
export function readTemplate(path: string): Promise<string> {
  return readFile(join(ownRepository, "templates", path), "utf8");
}
