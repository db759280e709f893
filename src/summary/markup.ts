import { visible, seconds, size } from "../platform/log.js";
import type { ToolchainFacts } from "../artifact/schema.js";
import type { Verdict } from "../boot/judge/verdict.js";
import type { KeptCache } from "../project/caches/build-cache.js";
import { sourceWords } from "../toolchain/toolchain.js";

// Summaries are Markdown with HTML, and nearly every text in them comes from a guest or a user.

/**
 * A text as inline code that neither Markdown nor HTML interprets: every character that could have a meaning becomes a
 * numeric reference, which Markdown never treats as markup
 * (https://spec.commonmark.org/0.31.2/#entity-and-numeric-character-references). In `<code>`, GitHub makes no mentions
 * or links of it.
 *
 * @param longest in characters; a longer text is cut.
 */
export function code(text: string, longest = 200): string {
  return `<code>${escaped(shortened(text, longest))}</code>`;
}

/** A sentence of this program that may quote a guest or a user; text between backticks becomes {@link code}. */
export function prose(text: string, longest = 300): string {
  return shortened(text, longest)
    .split(/`([^`]*)`/)
    .map((part, index) => (index % 2 === 0 ? escaped(part) : `<code>${escaped(part)}</code>`))
    .join("");
}

/** Lines as a block: Markdown leaves `<pre>` alone until its end tag, which escaped text cannot contain. */
export function block(lines: readonly string[], longest = 500): string {
  const text = lines.map((line) => htmlEscaped(shortened(line.replace(/(?<!\r)\r+$/, ""), longest)));
  return `<pre><code>${text.join("\n")}</code></pre>`;
}

/** A section that the reader can unfold. After the blank line, Markdown is interpreted again. */
export function folded(title: string, body: string): string {
  return `<details><summary>${title}</summary>\n\n${body}\n\n</details>\n`;
}

/** A table; its cells must be escaped. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return [header, header.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function shortened(text: string, longest: number): string {
  const characters = Array.from(/* promise: summaries-are-visible */ visible(text));
  return characters.length <= longest ? characters.join("") : `${characters.slice(0, longest - 1).join("")}…`;
}

function escaped(text: string): string {
  return /* promise: markdown-is-escaped */ text.replace(/[^\p{L}\p{N} ,…]/gu, reference);
}

function htmlEscaped(text: string): string {
  return /* promise: html-is-escaped */ text.replace(/[&<>"']/g, reference);
}

function reference(character: string): string {
  return `&#${character.codePointAt(0) ?? 0xfffd};`;
}

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

/** The runner rejects a summary above 1 MiB as a whole. */
const mostOfSummary = 1_000_000;

/**
 * As many whole sections as fit, in their order; the longest are dropped first. A truncated section could break the
 * rest of the page, and one long console must not displace everything else.
 */
export function capped(sections: readonly string[], mostBytes = mostOfSummary): string {
  const where = mostBytes === mostOfSummary ? "a job summary is limited to 1 MiB" : "the job summary has them";
  const leftOut = `Some sections are left out: ${where}.`;
  let room = mostBytes - Buffer.byteLength(leftOut);
  const fits = sections
    .map((section, index) => ({ index, bytes: Buffer.byteLength(section) + 2 }))
    .sort((a, b) => a.bytes - b.bytes)
    .filter(({ bytes }) => /* promise: summary-has-a-size */ (room -= bytes) >= 0);
  const kept = sections.filter((_, index) => fits.some((fit) => fit.index === index));
  return [...kept, ...(kept.length < sections.length ? [leftOut] : []), ""].join("\n\n");
}
