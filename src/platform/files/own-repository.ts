import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of this program's repository, whether it runs as the bundle in dist/ or from its sources. */
export const ownRepository = repositoryAbove(dirname(fileURLToPath(import.meta.url)));

/** The nearest folder above `folder` that has an action.yml. */
export function repositoryAbove(folder: string): string {
  const parent = dirname(folder);
  return parent === folder || existsSync(join(parent, "action.yml")) ? parent : repositoryAbove(parent);
}

/**
 * The absolute path of the loader for Firecracker's images (loader/README.md): next to the bundle, where
 * scripts/bundle.mjs puts it, else in loader/dist, where `make -C loader` does. The file may be missing.
 */
export function loaderFile(): string {
  const bundled = join(dirname(fileURLToPath(import.meta.url)), "firecracker-loader");
  return existsSync(bundled) ? bundled : join(ownRepository, "loader/dist/firecracker-loader");
}

/** @param path relative to templates/. */
export function readTemplate(path: string): Promise<string> {
  return readFile(join(ownRepository, "templates", path), "utf8");
}
