import { createReadStream } from "node:fs";
import { rm } from "node:fs/promises";
import { type FetchedArchive, type Patience, publishedArchives } from "../../platform/network/published.js";
import type { ToolchainCache } from "../../platform/runner/actions-cache.js";
import type { CachePolicy } from "../cache-policy.js";
import type { ToolchainSource } from "../toolchain.js";
import type { Place } from "./place.js";
import ours from "../../../data/toolchains.json" with { type: "json" };
import type { Log } from "../../platform/log.js";
import type { PublishedArchive } from "../../platform/network/published-list.js";

/** A place outside of this machine that may have the archive of a toolchain. */
export interface ArchiveLevel {
  readonly source: Extract<ToolchainSource, "published" | "actions-cache">;
  /** As the log calls it. */
  readonly label: string;
  /**
   * The archive with this key; undefined when this level has none.
   *
   * @throws Problem when what is wrong must stop the set-up.
   */
  fetch(key: string, place: Place): Promise<FetchedArchive | undefined | LeftOut>;
  /**
   * The same toolchain as a file system, where this level may have one.
   *
   * @returns what fetches it; undefined when there is none.
   */
  image?(key: string): Promise<(() => FetchedArchive) | undefined>;
  /** Absent: nothing can be kept there. */
  save?(key: string, place: Place): Promise<"saved" | "there already" | "failed" | LeftOut>;
}

/** The policy of this run keeps off a level. */
export interface LeftOut {
  readonly because: string;
}

/** The cache of the Actions service: the archive as one file, so that packing and unpacking are ours. */
export function actionsCacheLevel(cache: ToolchainCache | undefined, policy: CachePolicy): ArchiveLevel {
  const leftOut: LeftOut = { because: cache === undefined ? "no cache service here" : policy.why };
  return {
    source: "actions-cache",
    label: "cache",
    async fetch(key, { archive }) {
      if (cache === undefined || /* promise: restore-keeps-to-the-policy */ !policy.restore) return leftOut;
      // Once more where it has it and could not bring it: what breaks off in the middle its client does not take up.
      const isHere =
        (await cache.restore(key, [archive])) ||
        ((await cache.has(key, [archive])) && (await cache.restore(key, [archive])));
      if (!isHere) {
        // There may be half of it.
        await rm(archive, { force: true });
        return undefined;
      }
      const bytes = createReadStream(archive);
      return {
        bytes,
        async finish() {
          bytes.destroy();
          await rm(archive, { force: true });
          return "";
        },
      };
    },
    async save(key, { archive }) {
      if (cache === undefined || /* promise: save-keeps-to-the-policy */ !policy.save) return leftOut;
      // Another job may have built the same one meanwhile, and a key is written once.
      if (await cache.has(key, [archive])) return "there already";
      return (await cache.save(key, [archive])) ? "saved" : "failed";
    },
  };
}

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
