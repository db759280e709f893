import { seconds, size } from "../platform/log.js";
import type { KeptCache } from "../project/caches/save.js";
import { code, folded, prose, table } from "./markup.js";

/** The Markdown of what builds use again: what was restored, and what was kept for the next one. */
export function buildCacheSummary(kept: readonly KeptCache[]): string {
  const rows = kept.map(({ cache: { label, restored }, outcome }) => [
    label,
    restored === undefined ? "nothing" : `${code(restored.key)}, ${size(restored.bytes)} in ${seconds(restored.ms)}`,
    prose(outcome),
  ]);
  return folded("Build caches", table(["cache", "restored", "at the end"], rows));
}
