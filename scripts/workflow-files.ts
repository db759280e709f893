import { isMap, parseDocument, type YAMLMap } from "yaml";
import { collectInputs } from "../src/actions/collect-interface.js";
import { type InputName, inputs, parts, type Part } from "../src/actions/interface.js";
import { matrixInputs, sharedInputs } from "../src/actions/matrix-interface.js";
import { releaseInputs } from "../src/actions/release-interface.js";
import { stepsOf } from "../src/init/adapt.js";
import { inputNamesOf } from "./action-files.js";

/** An input of a reusable workflow. */
export interface WorkflowInput {
  readonly description: string;
  readonly type: "string" | "number" | "boolean";
  readonly required?: true;
  readonly default?: string | number | boolean;
}

type WorkflowInputs = Readonly<Record<string, WorkflowInput>>;

/** What each leg of the matrix has of its own. */
const ofTheLeg: Readonly<Partial<Record<InputName, string>>> = {
  target: "${{ matrix.target }}",
  arch: "${{ matrix.arch }}",
  "ocaml-version": "${{ matrix.ocaml }}",
  "configure-args": "${{ inputs.configure-args }} ${{ matrix.configure-args }}",
  "artifact-name": "${{ matrix.artifact-name }}",
};
/** Those of the leg, and the artifact, which the report is made of. */
const notTaken: readonly InputName[] = ["target", "arch", "artifact-name", "artifact"];

/** What inputs say that say more, or less, in a reusable workflow. */
const otherWords: Readonly<Record<string, string>> = {
  image: "The image: a glob relative to `directory`, when it is not where the build system puts it.",
  "ocaml-version": `For the legs that name none. ${inputs["ocaml-version"].description}`,
  "configure-args": `For all legs, before a leg’s own. ${inputs["configure-args"].description}`,
  "max-growth":
    "The most that an image may have grown since the default branch’s last good run for a push, such as 5% or 100kB; more is a warning.",
  draft: "true: the release stays a draft with all its files, and a person publishes it.",
};

const planNames = Object.keys(matrixInputs).filter((name) => name !== "group");
const budgetNames = ["max-size", "max-growth"] as const;
const releaseNames = ["notes", "require-verdict", "draft"] as const;

/** The inputs of unikernel.yml: those of `matrix`, of the four parts and of `collect`, and its own. */
export function unikernelInputs(): WorkflowInputs {
  const { targets, ...plan } = pick(matrixInputs, planNames);
  const legs = (Object.keys(inputs) as InputName[]).filter((name) => !notTaken.includes(name));
  return {
    targets: { description: targets?.description ?? "", type: "string", required: true },
    ...plan,
    ...pick(inputs, legs),
    ...pick(collectInputs, budgetNames),
    "timeout-minutes": { description: "Minutes that a leg’s job may take.", type: "number", default: 60 },
    "report-name": {
      description:
        "Name of the artifact with the SHA256SUMS and the JUnit file over all legs. Two calls in one workflow need two names.",
      type: "string",
      default: "report",
    },
  };
}

/** The inputs of unikernel-release.yml: those of `release` that are not decided by what unikernel.yml leaves. */
export function releaseWorkflowInputs(): WorkflowInputs {
  return pick(releaseInputs, releaseNames);
}

/**
 * A reusable workflow with these inputs, each handed to every part that takes it; the rest of the file is as a person wrote
 * it. What a step says that is no input stays, and comes first.
 */
export function withWorkflowInputs(text: string, taken: WorkflowInputs): string {
  const document = parseDocument(text);
  document.setIn(["on", "workflow_call", "inputs"], document.createNode(taken));
  for (const step of stepsOf(document)) {
    const part = /^\$\/([a-z]+)$/.exec(String(step.get("uses")))?.[1] ?? "";
    const handed = handedTo(part, taken);
    if (Object.keys(handed).length === 0) continue;
    const said = isMap(step.get("with"))
      ? ((step.get("with") as YAMLMap).toJSON() as Readonly<Record<string, unknown>>)
      : {};
    step.set("with", document.createNode({ ...ownWords(said, taken), ...handed, ...fixed(said, taken) }));
  }
  return document.toString({ lineWidth: 0, singleQuote: true, flowCollectionPadding: false });
}

/** What a step says that is no input of the workflow. */
function ownWords(said: Readonly<Record<string, unknown>>, taken: WorkflowInputs): object {
  return Object.fromEntries(Object.entries(said).filter(([name]) => !Object.hasOwn(taken, name)));
}

/** What a step decides itself though the workflow has an input for it: a draft is one before it is attested, in any case. */
function fixed(said: Readonly<Record<string, unknown>>, taken: WorkflowInputs): object {
  return Object.fromEntries(
    Object.entries(said).filter(([name, value]) => Object.hasOwn(taken, name) && !String(value).includes("${{")),
  );
}

function handedTo(part: string, taken: WorkflowInputs): Readonly<Record<string, string>> {
  const all = (names: readonly string[]) =>
    Object.fromEntries(
      names.filter((name) => Object.hasOwn(taken, name)).map((name) => [name, `\${{ inputs.${name} }}`]),
    );
  if (part === "matrix") return all([...planNames, ...sharedInputs]);
  if (part === "collect") return all(budgetNames);
  if (part === "release") return all(releaseNames);
  return isPart(part)
    ? Object.fromEntries(
        inputNamesOf(part)
          .filter((name) => name !== "artifact")
          .map((name) => [name, ofLeg(part, name)]),
      )
    : {};
}

const isPart = (word: string): word is Part => parts.some((part) => part === word);

/** The caller's `image` is a glob for `build`; the parts after it take the file that this found. */
function ofLeg(part: Part, name: InputName): string {
  if (name === "image" && part !== "build") return "${{ steps.build.outputs.image }}";
  return ofTheLeg[name] ?? `\${{ inputs.${name} }}`;
}

interface Definition {
  readonly description: string;
  readonly default: string;
}

function pick(
  definitions: Readonly<Record<string, Definition>>,
  names: readonly string[],
): Record<string, WorkflowInput> {
  return Object.fromEntries(
    Object.entries(definitions)
      .filter(([name]) => names.includes(name))
      .map(([name, one]) => [name, workflowInput(name, one)]),
  );
}

/** GitHub refuses a number for a text, so that what is a number or a yes or no by its default is one for the caller too. */
function workflowInput(name: string, { description: usual, default: value }: Definition): WorkflowInput {
  const description = otherWords[name] ?? usual;
  if (/^\d+$/.test(value)) return { description, type: "number", default: Number(value) };
  if (value === "true" || value === "false") return { description, type: "boolean", default: value === "true" };
  return { description, type: "string", default: value };
}
