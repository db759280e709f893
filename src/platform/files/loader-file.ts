import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ownRepository } from "./own-repository.js";

/**
 * The loader for Firecracker's images (loader/README.md): beside the bundle, where scripts/bundle.mjs puts it; when run
 * from source, where `make -C loader` does. Absolute path; nothing need be there.
 */
export function loaderFile(): string {
  const bundled = join(dirname(fileURLToPath(import.meta.url)), "firecracker-loader");
  return existsSync(bundled) ? bundled : join(ownRepository, "loader/dist/firecracker-loader");
}
