import type { ToolchainFacts } from "../artifact/schema.js";
import type { Verdict } from "../boot/judge/verdict.js";
import { seconds, size } from "../platform/log.js";
import type { KeptCache } from "../project/caches/save.js";
import { sourceWords } from "../toolchain/toolchain.js";
import { code, folded, prose, table } from "./markup.js";

// Cells that the summaries of one job and of all jobs share.

/** Markdown, in bold when something failed. */
export function emphasized(text: string, verdict: Verdict["verdict"] | undefined): string {
  return verdict === "failed" ? `**${text}**` : text;
}

/** Where a toolchain came from, and how long it took. */
export function toolchainCell(toolchain: ToolchainFacts | null): string {
  return toolchain === null ? "its own" : `${sourceWords[toolchain.source]}, ${seconds(toolchain.ms)}`;
}

/** Markdown about the build caches: what was restored, and what was saved for the next build. */
export function buildCacheSummary(kept: readonly KeptCache[]): string {
  const rows = kept.map(({ cache: { label, restored }, outcome }) => [
    label,
    restored === undefined ? "nothing" : `${code(restored.key)}, ${size(restored.bytes)} in ${seconds(restored.ms)}`,
    prose(outcome),
  ]);
  return folded("Build caches", table(["cache", "restored", "at the end of the job"], rows));
}
