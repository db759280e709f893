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

/** Inputs that the leg of the matrix sets. */
const ofTheLeg: Readonly<Partial<Record<InputName, string>>> = {
  target: "${{ matrix.target }}",
  arch: "${{ matrix.arch }}",
  "ocaml-version": "${{ matrix.ocaml }}",
  directory: "${{ matrix.directory }}",
  "config-file": "${{ matrix.config-file }}",
  "configure-args": "${{ inputs.configure-args }} ${{ matrix.configure-args }}",
  "artifact-name": "${{ matrix.artifact-name }}",
};
/** Inputs that the workflow does not take: the leg sets them, and the report needs the artifact. */
const notTaken: readonly InputName[] = ["target", "arch", "artifact-name", "artifact"];

/** Descriptions that differ in a reusable workflow. */
const otherWords: Readonly<Record<string, string>> = {
  image: "The image: a glob relative to `directory`, if the image is not where the build system usually puts it.",
  "ocaml-version": `For legs without \`ocaml=\`. ${inputs["ocaml-version"].description}`,
  "configure-args": `For all legs, before the leg’s own \`configure-args=\`. ${inputs["configure-args"].description}`,
  "max-growth":
    "Largest growth of an image since the last successful push run on the default branch, such as 5% or 100kB; " +
    "more is a warning.",
  draft: "true: leave the release as a draft with all its files, for a person to publish.",
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
    "timeout-minutes": { description: "Timeout of each leg’s job, in minutes.", type: "number", default: 60 },
    "report-name": {
      description:
        "Name of the artifact with the SHA256SUMS and JUnit file over all legs. Two calls in one workflow need " +
        "different names.",
      type: "string",
      default: "report",
    },
  };
}

/** The inputs of unikernel-release.yml: its own, and those of `release` that unikernel.yml does not decide. */
export function releaseWorkflowInputs(): WorkflowInputs {
  return {
    ...pick(releaseInputs, releaseNames),
    attest: {
      description:
        "true: attest the provenance and the SBOM of every file. false: do not. auto: as GitHub’s API says the " +
        "repository is public; attestations of private repositories need GitHub Enterprise Cloud.",
      type: "string",
      default: "auto",
    },
  };
}

/**
 * A reusable workflow with these inputs, each passed to every part that takes it. The rest of the file does not change.
 * Keys of a step's `with` that are no inputs of the workflow stay, and come first.
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

/** Keys of a step's `with` that are no inputs of the workflow. */
function ownWords(said: Readonly<Record<string, unknown>>, taken: WorkflowInputs): object {
  return Object.fromEntries(Object.entries(said).filter(([name]) => !Object.hasOwn(taken, name)));
}

/** Inputs of the workflow that a step sets to a fixed value, as `draft`: a release is a draft until it is attested. */
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

/** The caller's `image` is a glob for `build`; later parts take the files that `build` found. */
function ofLeg(part: Part, name: InputName): string {
  if (name === "image" && part !== "build") return "${{ steps.build.outputs.images }}";
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

/** GitHub refuses a number for an input of type string, so the type follows from the default. */
function workflowInput(name: string, { description: usual, default: value }: Definition): WorkflowInput {
  const description = otherWords[name] ?? usual;
  if (/^\d+$/.test(value)) return { description, type: "number", default: Number(value) };
  if (value === "true" || value === "false") return { description, type: "boolean", default: value === "true" };
  return { description, type: "string", default: value };
}
