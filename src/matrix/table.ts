import { aligned, terminalWidth, visible } from "../platform/log.js";
import { code, prose, table } from "../summary/markup.js";
import { type Leg, ocamlWords, placeWords } from "./leg.js";
import type { MatrixPlan } from "./plan-matrix.js";
import { groupsOf } from "./strategy.js";

const header = ["leg", "runner", "OCaml", "toolchain", "boots"] as const;

/** The Markdown of the job summary: a row for each leg, then the skipped legs. */
export function matrixSummary(plan: MatrixPlan): string {
  const rows = plan.legs.map((leg) => [
    code(leg.name),
    code(labelsOf(leg)),
    code(leg.ocaml),
    prose(toolchainOf(leg)),
    prose(leg.boots),
  ]);
  const skipped = plan.skipped.map((sentence) => `- skipped: ${prose(sentence, 1000)}`);
  const sections = [`#### ${matrixTitle(plan)}`, table(header, rows)];
  return [...sections, ...(skipped.length === 0 ? [] : [skipped.join("\n")]), ""].join("\n\n");
}

/** The same for a log: aligned lines, the header first. */
export function matrixLines({ legs }: MatrixPlan): string[] {
  const rows = legs.map((leg) => [leg.name, labelsOf(leg), leg.ocaml, toolchainOf(leg), leg.boots].map(visible));
  return aligned([header, ...rows]);
}

/** The same for a terminal, which is narrower: the toolchains are a table of their own. */
export function matrixTables({ legs }: MatrixPlan): string[] {
  const rows = legs.map((leg) => [leg.name, labelsOf(leg), leg.ocaml, leg.boots].map(visible));
  const toolchains = new Map<string, string[]>();
  for (const leg of legs) {
    const toolchain = [toolchainOf(leg), ...(leg.ocaml === "none" ? [] : [ocamlWords(leg.ocaml)])].join(", ");
    toolchains.set(toolchain, [...(toolchains.get(toolchain) ?? []), leg.name]);
  }
  const users = [...toolchains].map(([toolchain, names]) => [toolchain, names.join(", ")].map(visible));
  return [
    ...aligned([["leg", "runner", "OCaml", "boots"], ...rows], terminalWidth),
    "",
    ...aligned([["toolchain", "legs"], ...users], terminalWidth),
  ];
}

/** `7 legs, 4 toolchains, 2 skipped` */
export function matrixTitle({ legs, skipped }: MatrixPlan): string {
  const toolchains = groupsOf(legs.filter(({ toolchain }) => toolchain !== undefined)).length;
  const omitted = skipped.length === 0 ? [] : [`${skipped.length} skipped`];
  return [counted(legs.length, "leg"), counted(toolchains, "toolchain"), ...omitted].join(", ");
}

const counted = (number: number, what: string): string => `${number} ${what}${number === 1 ? "" : "s"}`;

const labelsOf = ({ runner }: Leg): string => runner.labels.join(", ");

/** `solo5 aarch64 on x86_64: ocaml-solo5 1.3.4, solo5 0.12.1`; OCaml has a column of its own. */
function toolchainOf({ toolchain }: Leg): string {
  if (toolchain === undefined) return "its own";
  const { backend, architecture, hostArchitecture, versions, isUndecided } = toolchain;
  const given = Object.entries(versions)
    .filter(([name]) => name !== "ocaml")
    .map((part) => part.join(" "));
  const parts = isUndecided === true ? [...given, "the rest by opam"] : given;
  return [
    `${backend} ${placeWords(architecture, hostArchitecture)}`,
    ...(parts.length === 0 ? [] : [parts.join(", ")]),
  ].join(": ");
}
