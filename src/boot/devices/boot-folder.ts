import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import type { Context } from "../../platform/host.js";

/** The folder for the files of an image's boots: always the same, so that the newest files are found. */
export function bootFolder({ host }: Context, imagePath: string): string {
  const folder = createHash("sha256").update(imagePath).digest("hex").slice(0, 16);
  return join(host.folders.state, "consoles", folder);
}

export function consolePath(context: Context, imagePath: string, scenario?: string): string {
  const name = [basename(imagePath), ...(scenario === undefined ? [] : [scenario])].join("-");
  return join(bootFolder(context, imagePath), `console-${name}.log`);
}
