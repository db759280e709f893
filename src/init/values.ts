import { defaultTarget } from "../targets/targets.js";
import type { Given, Notes } from "./adapt.js";
import { type Composition, type Row, lineOf, sharePlace } from "./compose.js";
import type { Remark } from "./unikernel.js";
import { shownFolder } from "./unikernel.js";

/** What is written into a template: inputs, and comments at them. */
export interface Values {
  readonly given: Given;
  readonly notes: Notes;
}

/**
 * The values of a workflow.
 *
 * @param rows one for a template of one target; several for the list of a matrix.
 * @param asked inputs that a person gave, which win.
 * @param isList whether the template has a list of targets.
 */
export function valuesOf(
  { inputs, remarks }: Composition,
  rows: readonly Row[],
  asked: Given,
  isList: boolean,
): Values {
  const [first] = rows;
  const boot = firstBoot(rows, asked, inputs["args"] !== undefined);
  const notes = notesOf([...remarks, ...boot.remarks]);
  const from = (name: string, at: string) => {
    if (at !== "") notes[name] = { remarks: [], ...notes[name], from: at };
  };
  const given: Record<string, string> = { ...boot.given };
  for (const [name, { value, at }] of Object.entries(inputs)) {
    given[name] = value;
    if (asked[name] === undefined) from(name, at);
  }
  if (first !== undefined && (!isList || sharePlace(rows))) {
    given["directory"] = shownFolder(first.unikernel.directory);
    if (first.unikernel.configFile !== undefined) given["config-file"] = first.unikernel.configFile;
  }
  if (rows.some(({ unikernel }) => unikernel.buildSystem === "opam")) given["build-system"] = "opam";
  const ocamls = new Set(rows.map(({ ocaml }) => ocaml?.value));
  const isOneOcaml = ocamls.size === 1 && first?.ocaml !== undefined;
  if (isOneOcaml) given["ocaml-version"] = first.ocaml.value;
  if (isOneOcaml && asked["ocaml-version"] === undefined) from("ocaml-version", first.ocaml.at);
  if (isList) {
    const lines = rows.map((row) => lineOf(isOneOcaml ? { ...row, ocaml: undefined } : row, !sharePlace(rows)));
    // Artifacts are named after the folder, which is often just `mirage`.
    const name = first?.unikernel.name;
    if (sharePlace(rows) && name !== undefined && first?.unikernel.directory !== "") given["unikernel"] = name;
    if (asked["targets"] === undefined && lines.length > 0) given["targets"] = lines.join("\n") + "\n";
  } else if (first !== undefined) {
    if (first.target !== defaultTarget || asked["target"] !== undefined) given["target"] = first.target;
    if (first.configureArgs !== undefined) {
      given["configure-args"] = first.configureArgs.value;
      from("configure-args", first.configureArgs.at);
    }
  }
  const ofLines = isList ? ["target", "arch", "configure-args"] : [];
  const all = { ...given, ...Object.fromEntries(Object.entries(asked).filter(([name]) => !ofLines.includes(name))) };
  // The root is the default.
  return {
    given: Object.fromEntries(Object.entries(all).filter(([name, value]) => name !== "directory" || value !== ".")),
    notes,
  };
}

/** Inputs that say how the image is booted, and what is expected. */
const ofBoot = ["args", "boot", "check", "expect", "expect-exit", "probe", "scenarios", "until"];

/** A first boot that passes: mirage's unikernels that need more than an empty machine are asked for their help. */
function firstBoot(rows: readonly Row[], asked: Given, hasArguments: boolean) {
  const none = { given: {}, remarks: [] as readonly Remark[] };
  if (hasArguments || ofBoot.some((name) => asked[name] !== undefined)) return none;
  const reasons = [...new Set(rows.map(({ unikernel }) => unikernel))].flatMap((unikernel) => {
    const { required, needs } = unikernel.boot;
    if (unikernel.buildSystem !== "mirage" || (required.length === 0 && needs === undefined)) return [];
    const name = unikernel.sources === "" ? "it" : unikernel.sources;
    return [
      ...(required.length === 0 ? [] : [`${name} requires ${required.join(", ")}`]),
      ...(needs === undefined ? [] : [`${name}: ${needs}`]),
    ];
  });
  if (reasons.length === 0) return none;
  const shown = reasons.length > 4 ? [...reasons.slice(0, 4), `and ${reasons.length - 4} more`] : reasons;
  return {
    given: { check: "help" },
    remarks: [
      ...shown.map((text) => ({ input: "check", text })),
      {
        input: "check",
        text: "To boot it with all that it needs, remove `check`, and set `args`, `block` and `expect`.",
      },
    ],
  };
}

function notesOf(remarks: readonly Remark[]): Record<string, { from?: string; remarks: string[] }> {
  const notes: Record<string, { from?: string; remarks: string[] }> = {};
  for (const { input, text } of remarks) (notes[input] ??= { remarks: [] }).remarks.push(text);
  return notes;
}
