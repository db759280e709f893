import type { Verdict } from "../boot/judge/verdict.js";
import { seconds } from "../platform/log.js";
import type { BuildInfo } from "../artifact/schema.js";

/** Something that took time. */
export interface Phase {
  readonly part: "setup" | "build" | "boot" | "publish";
  readonly name: string;
  /** Milliseconds from the beginning of the first phase. */
  readonly startMs: number;
  readonly ms: number;
  /** Of a boot. */
  readonly verdict?: Verdict["verdict"];
}

const parts = ["setup", "build", "boot", "publish"] as const;

/** The phases that are known, one part after the other; what lies between the steps of a job was not measured. */
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
      phases.push({ part: "boot", name: scenario ?? unikernel, startMs, ms: span.ms, verdict });
      end = Math.max(end, startMs + span.ms);
    }
  }
  follow("publish", "gather and upload", publishMs);
  return phases;
}

/** The longest ones; a picture of a hundred bars shows nothing. */
const mostBoots = 20;

/**
 * The phases as a Mermaid gantt chart, which GitHub, Forgejo and Gitea draw: https://mermaid.js.org/syntax/gantt.html
 *
 * Durations stand in the labels, so that one of 20 ms can be read beside one of 10 minutes; and in front, so that no
 * label begins with a word of Mermaid's.
 *
 * @returns nothing where there is nothing to compare.
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

/** The least share of the picture's width that can be seen. */
const leastShare = 1 / 250;
const colours = { passed: "", failed: "crit, ", skipped: "done, " } as const;

function bar({ name, startMs, ms, verdict = "passed" }: Phase, totalMs: number): string {
  const words = verdict === "passed" ? safeName(name) : `${safeName(name)} (${verdict})`;
  const drawnMs = Math.ceil(Math.max(ms, totalMs * leastShare));
  return `    ${seconds(ms)} ${words} : ${colours[verdict]}${moment(startMs)}, ${drawnMs}ms`;
}

const longestName = 40;

/** What Mermaid could take for a mark of its own is left out; a label ends at a colon, and `%`, `#` and `;` begin others. */
function safeName(name: string): string {
  const characters = Array.from(name.replace(/[^\p{L}\p{N} _.,+=/()-]+/gu, "_"));
  return characters.length <= longestName ? characters.join("") : `${characters.slice(0, longestName - 1).join("")}…`;
}

/** A day in winter, as no clock is put forward then: Mermaid takes times for the reader's local ones. */
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
  /** Of d3: https://d3js.org/d3-time-format */
  readonly format: string;
}

const axes: readonly (Axis & { readonly upToMs: number })[] = [
  { upToMs: 3 * second, steps: [50, 100, 250, 500], unitMs: 1, unit: "millisecond", format: "%-S.%L s" },
  { upToMs: minute, steps: [1, 2, 5, 10], unitMs: second, unit: "second", format: "%-S s" },
  { upToMs: 4 * minute, steps: [10, 15, 30], unitMs: second, unit: "second", format: "%-M:%S" },
  { upToMs: 60 * minute, steps: [1, 2, 5, 10], unitMs: minute, unit: "minute", format: "%-M min" },
];
const longestAxis: Axis = { steps: [15, 30, 60, 180, 360], unitMs: minute, unit: "minute", format: "%-H:%M" };

/** Few ticks, as each is a line through the labels. */
function axisFor(totalMs: number): { readonly interval: string; readonly format: string } {
  const { steps, unitMs, unit, format } = axes.find(({ upToMs }) => totalMs <= upToMs) ?? longestAxis;
  const step = steps.find((step) => totalMs / (step * unitMs) <= mostTicks) ?? steps.at(-1) ?? 1;
  return { interval: `${step}${unit}`, format };
}
