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
   * @param isOnAnother whether the toolchain is built on another one.
   * @throws Problem when the set-up must stop.
   */
  fetch(key: string, place: Place, isOnAnother: boolean): Promise<FetchedArchive | undefined | LeftOut>;
  /**
   * Whether it has the archive with this key, without fetching it.
   *
   * @returns its size in bytes, where that is known; undefined when this level has none.
   * @throws Problem when the set-up must stop.
   */
  has(key: string, place: Place, isOnAnother: boolean): Promise<{ readonly bytes?: number } | undefined | LeftOut>;
  /**
   * The same toolchain as a file system, where this level can have one.
   *
   * @returns a function that fetches it; undefined when there is none.
   */
  image?(key: string): Promise<(() => FetchedArchive) | undefined>;
  /**
   * Absent where nothing can be saved.
   *
   * @param base the hash of the tree that the archive is a difference to; absent for a whole toolchain.
   */
  save?(key: string, place: Place, base?: string): Promise<"saved" | "there already" | "failed" | LeftOut>;
}

/** A level that this run does not use, and the reason. */
export interface LeftOut {
  readonly because: string;
}

/**
 * The actions cache, with the archive as one file, which we pack and unpack ourselves. An entry is never overwritten.
 * Therefore the name of a difference has the hash of its base: when the base was built again, the new difference gets
 * an entry too, and the newest one is the one that fits.
 */
export function actionsCacheLevel(cache: ToolchainCache | undefined, policy: CachePolicy): ArchiveLevel {
  const leftOut: LeftOut = { because: cache === undefined ? "no cache service here" : policy.why };
  const question = (key: string, { archive }: Place, isOnAnother: boolean) =>
    [key, [archive], isOnAnother ? [`${key}.`] : []] as const;
  return {
    source: "actions-cache",
    label: "cache",
    async has(key, place, isOnAnother) {
      if (cache === undefined || !policy.restore) return leftOut;
      return (await cache.has(...question(key, place, isOnAnother))) ? {} : undefined;
    },
    async fetch(key, place, isOnAnother) {
      if (cache === undefined || /* promise: restore-keeps-to-the-policy */ !policy.restore) return leftOut;
      const { archive } = place;
      // A second try when the entry exists: the client does not resume a transfer that broke off.
      const asked = question(key, place, isOnAnother);
      const isHere =
        (await cache.restore(...asked)) || ((await cache.has(...asked)) && (await cache.restore(...asked)));
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
    async save(key, { archive }, base) {
      if (cache === undefined || /* promise: save-keeps-to-the-policy */ !policy.save) return leftOut;
      // Another job may have saved the same one meanwhile, and a key is written once.
      const name = base === undefined ? key : `${key}.${base.slice(0, 16)}`;
      if (await cache.has(name, [archive])) return "there already";
      return (await cache.save(name, [archive])) ? "saved" : "failed";
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
    async has(key) {
      const archive = await published.find(key);
      return archive === undefined ? undefined : { bytes: archive.bytes };
    },
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
