import ours from "../../../data/toolchains.json" with { type: "json" };
import type { Log } from "../../platform/log.js";
import type { PublishedArchive } from "../../platform/network/published-list.js";
import { type Patience, publishedArchives } from "../../platform/network/published.js";
import type { ArchiveLevel } from "./levels.js";

/**
 * Toolchains that were published: see platform/network/published.ts.
 *
 * @param patience how long servers are waited for.
 */
export function publishedLevel(
  log: Log,
  mirror: string | undefined,
  own: readonly PublishedArchive[] = ours.toolchains,
  patience: Patience = {},
): ArchiveLevel {
  const published = publishedArchives(log, "toolchains", { mirror, own, ...patience });
  return {
    source: "published",
    label: "published",
    async fetch(key) {
      const archive = await published.find(key);
      return archive === undefined ? undefined : published.open(archive);
    },
    async image(key) {
      const image = (await published.find(key))?.image;
      return image === undefined ? undefined : () => published.open(image);
    },
  };
}
