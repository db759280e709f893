import { createReadStream } from "node:fs";
import { rm } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { openInside } from "../../platform/files/inside.js";
import ours from "../../../data/toolchains.json" with { type: "json" };
import type { Log } from "../../platform/log.js";
import type { PublishedArchive } from "../../platform/network/published-list.js";
import { type FetchedArchive, type Patience, publishedArchives } from "../../platform/network/published.js";
import type { ToolchainCache } from "../../platform/runner/actions-cache.js";
import type { CachePolicy } from "../cache-policy.js";
import type { ToolchainSource } from "../toolchain.js";
import type { Place } from "./place.js";

/** A place outside this machine that may have the archive of a toolchain. */
export interface ArchiveLevel {
  readonly source: Extract<ToolchainSource, "published" | "actions-cache">;
  /** Its name in the log. */
  readonly label: string;
  /**
   * The archive with this key; undefined when this level has none.
   *
   * @throws Problem when the set-up must stop.
   */
  fetch(key: string, place: Place): Promise<FetchedArchive | undefined | LeftOut>;
  /**
   * The same toolchain as a file system, where this level can have one.
   *
   * @returns a function that fetches it; undefined when there is none.
   */
  image?(key: string): Promise<(() => FetchedArchive) | undefined>;
  /** Absent where nothing can be saved. */
  save?(key: string, place: Place): Promise<"saved" | "there already" | "failed" | LeftOut>;
}

/** A level that this run does not use, and the reason. */
export interface LeftOut {
  readonly because: string;
}

/** The actions cache, with the archive as one file, which we pack and unpack ourselves. */
export function actionsCacheLevel(cache: ToolchainCache | undefined, policy: CachePolicy): ArchiveLevel {
  const leftOut: LeftOut = { because: cache === undefined ? "no cache service here" : policy.why };
  return {
    source: "actions-cache",
    label: "cache",
    async fetch(key, { archive }) {
      if (cache === undefined || /* promise: restore-keeps-to-the-policy */ !policy.restore) return leftOut;
      // A second try when the entry exists: the client does not resume a transfer that broke off.
      const isHere =
        (await cache.restore(key, [archive])) ||
        ((await cache.has(key, [archive])) && (await cache.restore(key, [archive])));
      if (!isHere) {
        // It may be incomplete.
        await rm(archive, { force: true });
        return undefined;
      }
      // The restored file is whatever the cache's own archive has put there.
      const bytes = createReadStream("", { fd: openInside(dirname(archive), basename(archive)) });
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
      // Another job may have saved the same one meanwhile, and a key is written once.
      if (await cache.has(key, [archive])) return "there already";
      return (await cache.save(key, [archive])) ? "saved" : "failed";
    },
  };
}

/**
 * Published toolchains: see platform/network/published.ts.
 *
 * @param patience how long to wait for servers.
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
