import type { ImageRecord } from "../artifact/schema.js";
import { howItRan, imageVerdict } from "../artifact/verdicts.js";
import { verdicts } from "../boot/judge/verdict.js";
import { aligned, seconds, size, visible } from "../platform/log.js";
import { capped, emphasized, toolchainCell, code, folded, prose, table } from "../summary/markup.js";
import { type ComparedImage, type Overview, pathOf } from "./overview.js";
import { failureSections } from "./failures.js";
import { changeText } from "./growth.js";

const header = ["unikernel", "target", "size", "change", "verdict", "how", "boot", "build", "toolchain"] as const;

/**
 * The Markdown of the job summary: a table over all legs, the images over budget, the failures, and folded checksums.
 *
 * @param mostBytes whole sections are left out above this.
 */
export function collectSummary(overview: Overview, warnings: readonly string[], mostBytes?: number): string {
  const rows = overview.rows.map((one) => {
    const [unikernel = "", target = "", bytes = "", change = "", said = "", ...rest] = cellsOf(one);
    return [
      code(unikernel),
      prose(target),
      bytes,
      change,
      emphasized(/* promise: table-words-are-prose */ prose(said), imageVerdict(one.image)?.verdict),
      ...rest.map((cell) => prose(cell)),
    ];
  });
  const missing = overview.missing.map((name) => missingCells(code(name), emphasized(noArtifact, "failed")));
  const sections = [
    `#### ${overviewTitle(overview)}`,
    table(header, [...rows, ...missing]),
    warnings.map((warning) => `- ${prose(warning, 500)}`).join("\n"),
    ...failureSections(overview),
    overview.rows.length === 0 ? "" : folded("SHA-256", hashes(overview)),
  ];
  return /* promise: report-has-a-size */ capped(
    sections.filter((section) => section !== ""),
    mostBytes,
  );
}

/**
 * The same table for a terminal: aligned lines, the header first.
 *
 * @param most the length of a line.
 */
export function collectLines({ rows, missing }: Overview, most?: number): string[] {
  const lines = [header, ...rows.map(cellsOf), ...missing.map((name) => missingCells(name, noArtifact))];
  return aligned(
    lines.map((cells) => cells.map(visible)),
    most,
  );
}

const noArtifact = "no artifact: its job failed earlier";

const missingCells = (name: string, verdict: string): string[] =>
  header.map((column) => (column === "unikernel" ? name : column === "verdict" ? verdict : ""));

/** `4 images: 2 passed, 1 failed, 1 skipped, 1 missing` */
export function overviewTitle({ rows, missing }: Overview): string {
  const counted = verdicts.map((kind) => {
    const number = rows.filter(({ image }) => imageVerdict(image)?.verdict === kind).length;
    return number === 0 ? [] : [`${number} ${kind}`];
  });
  const notBooted = rows.filter(({ image }) => image.boots.length === 0).length;
  const told = [
    ...counted.flat(),
    ...(notBooted === 0 ? [] : [`${notBooted} not booted`]),
    ...(missing.length === 0 ? [] : [`${missing.length} missing`]),
  ];
  return [
    `${rows.length} ${rows.length === 1 ? "image" : "images"}`,
    ...(told.length === 0 ? [] : [told.join(", ")]),
  ].join(": ");
}

/** In the order of {@link header}. */
function cellsOf({ artifact: { info }, image, before }: ComparedImage): string[] {
  const verdict = imageVerdict(image);
  const build = info.build?.steps.reduce((ms, step) => ms + step.ms, 0);
  return [
    image.unikernel,
    [info.target, info.architecture, ...variantOf(info.build?.configureArgs ?? [])].join(" "),
    size(image.bytes),
    before === undefined ? "" : changeText(image.bytes, before),
    verdict === undefined ? "not booted" : `${verdict.verdict}: ${verdict.summary}`,
    ...runOf(image),
    build === undefined ? "" : seconds(build),
    toolchainCell(info.toolchain),
  ];
}

function variantOf(configureArgs: readonly string[]): string[] {
  return configureArgs.length === 0 ? [] : [`(${configureArgs.join(" ")})`];
}

/** How the image ran, and its time to boot, which is empty for several boots. */
function runOf({ boots }: ImageRecord): readonly [how: string, booted: string] {
  const lasts = boots.flatMap(({ attempts }) => attempts.slice(-1));
  const how = [...new Set(lasts.map(howItRan))].join(", ");
  const [only, ...others] = boots;
  return [how, only?.bootMs === undefined || others.length > 0 ? "" : seconds(only.bootMs)];
}

function hashes({ rows }: Overview): string {
  return table(
    ["file", "SHA-256"],
    rows.map((row) => [code(pathOf(row)), code(row.image.sha256)]),
  );
}
