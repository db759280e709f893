import type { BuildInfo } from "../artifact/schema.js";
import type { Verdict } from "../boot/judge/verdict.js";
import { seconds } from "../platform/log.js";

/** A bar of the timeline. */
export interface Phase {
  readonly part: "setup" | "build" | "boot" | "publish";
  readonly name: string;
  /** Milliseconds after the start of the first phase. */
  readonly startMs: number;
  readonly ms: number;
  /** Only of a boot. */
  readonly verdict?: Verdict["verdict"];
}

const parts = ["setup", "build", "boot", "publish"] as const;

/** The measured phases, one part after the other: the time between the steps of a job is not known. */
export function phasesOf({ toolchain, build, images }: BuildInfo, publishMs: number): Phase[] {
  const phases: Phase[] = [];
  let end = 0;
  const follow = (part: Phase["part"], name: string, ms: number) => {
    phases.push({ part, name, startMs: end, ms });
    end += ms;
  };
  if (toolchain !== null) follow("setup", `toolchain (${toolchain.source})`, toolchain.ms);
  for (const { name, ms } of build?.steps ?? []) follow("build", name, ms);
  const bootsBegin = end;
  for (const { unikernel, boots } of images) {
    for (const { scenario, verdict, span } of boots) {
      if (span === null) continue;
      const startMs = bootsBegin + span.startMs;
      const name = scenario === null ? unikernel : images.length === 1 ? scenario : `${unikernel} ${scenario}`;
      phases.push({ part: "boot", name, startMs, ms: span.ms, verdict });
      end = Math.max(end, startMs + span.ms);
    }
  }
  follow("publish", "gather and upload", publishMs);
  return phases;
}

/** Only the longest boots are drawn: a chart of a hundred bars shows nothing. */
const mostBoots = 20;

/**
 * The phases as a Mermaid gantt chart, which GitHub, Forgejo and Gitea draw: https://mermaid.js.org/syntax/gantt.html
 *
 * The labels contain the durations: 20 ms next to 10 minutes could not be read off the chart. They come first, so no
 * label can begin with a keyword of Mermaid.
 *
 * @returns the empty string when there are fewer than two phases.
 */
export function timeline(phases: readonly Phase[]): string {
  if (phases.length < 2) return "";
  const totalMs = Math.max(...phases.map(({ startMs, ms }) => startMs + ms), 1);
  const { interval, format } = axisFor(totalMs);
  const boots = phases.filter(({ part }) => part === "boot");
  const longest = boots.toSorted((a, b) => b.ms - a.ms).slice(0, mostBoots);
  const sections = parts.flatMap((part) => {
    const all = phases.filter((phase) => phase.part === part);
    const own = part === "boot" ? all.filter((phase) => longest.includes(phase)) : all;
    const title = own.length < all.length ? `${part} (${own.length} of ${all.length})` : part;
    return own.length === 0 ? [] : [`  section ${title}`, ...own.map((phase) => bar(phase, totalMs))];
  });
  return [
    "```mermaid",
    "gantt",
    "  dateFormat YYYY-MM-DD HH:mm:ss.SSS",
    `  axisFormat ${format}`,
    `  tickInterval ${interval}`,
    "  todayMarker off",
    ...sections,
    "```",
  ].join("\n");
}

/** The least share of the chart's width that is visible. */
const leastShare = 1 / 250;
const colours = { passed: "", failed: "crit, ", skipped: "done, " } as const;

function bar({ name, startMs, ms, verdict = "passed" }: Phase, totalMs: number): string {
  const words = verdict === "passed" ? safeName(name) : `${safeName(name)} (${verdict})`;
  const drawnMs = Math.ceil(Math.max(ms, totalMs * leastShare));
  return `    ${seconds(ms)} ${words} : ${colours[verdict]}${moment(startMs)}, ${drawnMs}ms`;
}

const longestName = 40;

/** Without characters that Mermaid interprets, such as `:`, which ends a label, and `%`, `#` and `;`. */
function safeName(name: string): string {
  const characters = Array.from(name.replace(/[^\p{L}\p{N} _.,+=/()-]+/gu, "_"));
  return characters.length <= longestName ? characters.join("") : `${characters.slice(0, longestName - 1).join("")}…`;
}

/** On a winter day, when no clock changes: Mermaid reads times as the reader's local time. */
function moment(ms: number): string {
  return new Date(Date.UTC(2000, 0, 1) + Math.round(ms)).toISOString().replace("T", " ").replace("Z", "");
}

const second = 1000;
const minute = 60 * second;
const mostTicks = 8;

interface Axis {
  readonly steps: readonly number[];
  readonly unitMs: number;
  readonly unit: "millisecond" | "second" | "minute";
  /** Of d3-time-format: https://d3js.org/d3-time-format */
  readonly format: string;
}

const axes: readonly (Axis & { readonly upToMs: number })[] = [
  { upToMs: 3 * second, steps: [50, 100, 250, 500], unitMs: 1, unit: "millisecond", format: "%-S.%L s" },
  { upToMs: minute, steps: [1, 2, 5, 10], unitMs: second, unit: "second", format: "%-S s" },
  { upToMs: 4 * minute, steps: [10, 15, 30], unitMs: second, unit: "second", format: "%-M:%S" },
  { upToMs: 60 * minute, steps: [1, 2, 5, 10], unitMs: minute, unit: "minute", format: "%-M min" },
];
const longestAxis: Axis = { steps: [15, 30, 60, 180, 360], unitMs: minute, unit: "minute", format: "%-H:%M" };

/** Few ticks: each draws a line through the labels. */
function axisFor(totalMs: number): { readonly interval: string; readonly format: string } {
  const { steps, unitMs, unit, format } = axes.find(({ upToMs }) => totalMs <= upToMs) ?? longestAxis;
  const step = steps.find((step) => totalMs / (step * unitMs) <= mostTicks) ?? steps.at(-1) ?? 1;
  return { interval: `${step}${unit}`, format };
}
