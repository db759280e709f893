import type { Verdict } from "../boot/judge/verdict.js";
import { seconds } from "../platform/log.js";
import { sourceWords } from "../toolchain/toolchain.js";
import type { ToolchainFacts } from "../artifact/build-info.js";

// What the tables of a job and of all jobs say alike.

/** A text of Markdown in bold where something failed. */
export function emphasized(text: string, verdict: Verdict["verdict"] | undefined): string {
  return verdict === "failed" ? `**${text}**` : text;
}

/** Where a toolchain came from, and how long that took. */
export function toolchainCell(toolchain: ToolchainFacts | null): string {
  return toolchain === null ? "its own" : `${sourceWords[toolchain.source]}, ${seconds(toolchain.ms)}`;
}
