import { stringify } from "yaml";
import { collectInputs, collectOutputs } from "../src/actions/collect-interface.js";
import { type Part, inputs, outputs, parts } from "../src/actions/interface.js";
import { matrixInputs, sharedInputs } from "../src/actions/matrix-interface.js";
import { releaseInputs, releaseOutputs } from "../src/actions/release-interface.js";
import { vmmsOf } from "../src/boot/vmms/vmms.js";
import { table } from "../src/summary/markup.js";
import { targetNames, targets } from "../src/targets/targets.js";
import { releaseWorkflowInputs, unikernelInputs } from "./workflow-files.js";

/** docs/targets.md with the table of targets between its markers. */
export function targetTables(page: string): string {
  return between(page, "targets", targetTable());
}

/** docs/inputs.md with the inputs and outputs of a run and of `collect`. */
export function interfaceTables(page: string): string {
  const tables = {
    inputs: inputBlocks(),
    outputs: outputTable(),
    "collect-inputs": takenTable(collectInputs),
    "collect-outputs": givenTable(collectOutputs),
  };
  return Object.entries(tables).reduce((text, [marker, content]) => between(text, marker, content), page);
}

/** docs/matrix.md with the inputs that only `matrix` has. */
export function matrixTables(page: string): string {
  const shared = sharedInputs.map((name) => `\`${name}\``).join(", ");
  return between(
    page,
    "inputs",
    `${takenTable(matrixInputs)}\n\nAlso, with the same meaning as for \`setup\`: ${shared}.`,
  );
}

/** docs/releases.md with the inputs and outputs of `release`. */
export function releaseTables(page: string): string {
  return between(between(page, "inputs", takenTable(releaseInputs)), "outputs", givenTable(releaseOutputs));
}

/** docs/reusable-workflow.md with the inputs of both workflows. */
export function reusableTables(page: string): string {
  const rows = (taken: ReturnType<typeof unikernelInputs>) =>
    Object.entries(taken).map(([name, { description, type, required, default: value = "" }]) => [
      `\`${name}\``,
      cell(description),
      type,
      required === true ? "required" : code(String(value)),
    ]);
  const header = ["input", "description", "type", "default"];
  const first = between(page, "inputs of unikernel.yml", table(header, rows(unikernelInputs())));
  return between(first, "inputs of unikernel-release.yml", table(header, rows(releaseWorkflowInputs())));
}

function targetTable(): string {
  const rows = targetNames.map((name) => {
    const { backend, architectures, bootedBy } = targets[name];
    const ways = vmmsOf(targets[name]).map(({ words }) => words);
    const elsewhere = bootedBy === undefined ? "" : ` (needs ${bootedBy})`;
    return [`\`${name}\``, backend, architectures.join(", "), `${ways.join(", else ") || "not booted"}${elsewhere}`];
  });
  return table(["target", "backend", "architectures", "booted by"], rows);
}

/** The inputs of several parts from setup on, and those of each part: as in a workflow, with their defaults. */
function inputBlocks(): string {
  const groups = { several: "The project and its target", ...headings };
  const groupOf = ({ parts: owners }: { readonly parts: readonly Part[] }) =>
    owners.length > 1 && owners[0] === "setup" ? "several" : owners[0];
  return Object.entries(groups)
    .map(([group, heading]) => {
      const lines = Object.entries(inputs)
        .filter(([, input]) => groupOf(input) === group)
        .map(([name, { description, default: value, parts: owners }]) => {
          const taken = owners.length === parts.length || owners.length === 1 ? "" : ` (${owners.join(", ")})`;
          return [...comment(`${description}${taken}`), `${name}: ${scalar(value)}`].join("\n");
        });
      return `### ${heading}\n\n\`\`\`yaml\n${lines.join("\n\n")}\n\`\`\``;
    })
    .join("\n\n");
}

/** A comment of YAML, in lines that fit a page without scrolling. */
function comment(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length >= 100) lines.push(`# ${word}`);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/** A default in YAML; an input without one is empty, which means unset. All inputs are texts: nothing needs `"64"`. */
function scalar(value: string): string {
  if (/^(?:true|false|\d+)$/.test(value)) return value;
  return value === "" ? '""' : stringify(value, { lineWidth: 0, defaultStringType: "PLAIN" }).trimEnd();
}

const headings: Readonly<Record<Part, string>> = {
  setup: "The toolchain",
  build: "The build",
  boot: "The boot",
  publish: "The artifact",
};

function outputTable(): string {
  const rows = Object.entries(outputs).map(([name, { description, part }]) => [`\`${name}\``, cell(description), part]);
  return table(["output", "description", "part"], rows);
}

function takenTable(
  definitions: Readonly<Record<string, { readonly description: string; readonly default: string }>>,
): string {
  const rows = Object.entries(definitions).map(([name, { description, default: value }]) => [
    `\`${name}\``,
    cell(description),
    code(value),
  ]);
  return table(["input", "description", "default"], rows);
}

function givenTable(definitions: Readonly<Record<string, { readonly description: string }>>): string {
  const rows = Object.entries(definitions).map(([name, { description }]) => [`\`${name}\``, cell(description)]);
  return table(["output", "description"], rows);
}

function code(value: string): string {
  return value === ""
    ? ""
    : value
        .split("\n")
        .map((line) => `\`${line}\``)
        .join("<br>");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

function between(text: string, marker: string, content: string): string {
  const begin = `<!-- ${marker}: generated by npm run generate -->`;
  const end = `<!-- end of ${marker} -->`;
  const [before, rest] = halves(text, begin);
  const [, after] = halves(rest, end);
  return `${before}${begin}\n\n${content}\n\n${end}${after}`;
}

function halves(text: string, separator: string): [string, string] {
  const index = text.indexOf(separator);
  if (index < 0) throw new Error(`a page has no line \`${separator}\``);
  return [text.slice(0, index), text.slice(index + separator.length)];
}
