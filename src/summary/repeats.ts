import type { JobBoot, JobImage } from "../artifact/schema.js";
import type { BootReport, ConsoleDifference, Repeats } from "../boot/report.js";
import { type Log, aligned, seconds, visible } from "../platform/log.js";
import { spreadOf } from "../platform/statistics.js";
import { block, code, table } from "./markup.js";

/** `0.02 to 0.05 s, median 0.03 s`; empty without times. */
function spreadText(times: readonly number[]): string {
  const spread = spreadOf(times);
  if (spread === undefined) return "";
  const { min, median, max } = spread;
  return `${seconds(min)} to ${seconds(max)}, median ${seconds(median)}`;
}

/** Logs how the times of a repeated boot spread, and where the consoles of a flaky one begin to differ. */
export function tellRepeats(log: Log, { repeats }: BootReport): void {
  if (repeats === undefined) return;
  const { bootMs, readyMs, difference } = repeats;
  if (bootMs.length > 0) log.fact("boot", spreadText(bootMs));
  if (readyMs.length > 0) log.fact("ready", spreadText(readyMs));
  if (difference !== undefined) {
    log.line(`  the consoles differ from line ${difference.line} on:`);
    log.untrusted(sideBySide(difference));
  }
}

/** The consoles next to each other, the one that passed on the left. */
function sideBySide({ line, from, passed, failed }: ConsoleDifference): string[] {
  const rows = Array.from({ length: Math.max(passed.length, failed.length) }, (_, index) => [
    `${from + index === line ? ">" : " "} ${from + index}`,
    visible(passed[index] ?? "").slice(0, widest),
    "|",
    visible(failed[index] ?? "").slice(0, widest),
  ]);
  return aligned([["", "passed", "|", "failed"], ...rows]);
}

const widest = 70;

/** Markdown: a row for each repeated boot, then where the consoles of the flaky ones differ. Empty without any. */
export function repeatsSection(images: readonly JobImage[]): string {
  const all = images.flatMap(({ unikernel, boots }) => boots.map((boot) => ({ unikernel, boot })));
  const repeated = all.flatMap((one) => (one.boot.repeats === null ? [] : [{ ...one, repeats: one.boot.repeats }]));
  if (repeated.length === 0) return "";
  const rows = repeated.map(({ unikernel, boot, repeats }) => [
    nameOf(unikernel, boot),
    countOf(repeats),
    spreadText(repeats.bootMs),
    spreadText(repeats.readyMs),
  ]);
  const differences = repeated.flatMap(({ unikernel, boot, repeats: { difference } }) =>
    difference === undefined
      ? []
      : [
          `The consoles of ${nameOf(unikernel, boot)} differ from line ${difference.line} on:`,
          block(sideBySide(difference)),
        ],
  );
  return [table(["repeated", "passed", "boot", "ready"], rows), ...differences].join("\n\n");
}

function nameOf(unikernel: string, { scenario }: JobBoot): string {
  return scenario === null ? code(unikernel) : `${code(unikernel)} ${code(scenario)}`;
}

function countOf({ passed, failed, skipped }: Omit<Repeats, "difference">): string {
  return `${passed} of ${passed + failed + skipped}`;
}
