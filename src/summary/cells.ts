import type { Verdict } from "../boot/judge/verdict.js";
import { seconds, size } from "../platform/log.js";
import type { KeptCache } from "../project/caches/save.js";
import { sourceWords } from "../toolchain/toolchain.js";
import { code, folded, prose, table } from "./markup.js";
import type { ToolchainFacts } from "../artifact/schema.js";

// What the tables of a job and of all jobs say alike.

/** A text of Markdown in bold where something failed. */
export function emphasized(text: string, verdict: Verdict["verdict"] | undefined): string {
  return verdict === "failed" ? `**${text}**` : text;
}

/** Where a toolchain came from, and how long that took. */
export function toolchainCell(toolchain: ToolchainFacts | null): string {
  return toolchain === null ? "its own" : `${sourceWords[toolchain.source]}, ${seconds(toolchain.ms)}`;
}

/** The Markdown of what builds use again: what was restored, and what was kept for the next one. */
export function buildCacheSummary(kept: readonly KeptCache[]): string {
  const rows = kept.map(({ cache: { label, restored }, outcome }) => [
    label,
    restored === undefined ? "nothing" : `${code(restored.key)}, ${size(restored.bytes)} in ${seconds(restored.ms)}`,
    prose(outcome),
  ]);
  return folded("Build caches", table(["cache", "restored", "at the end"], rows));
}
