import { Scalar, stringify } from "yaml";
import { collectInputs, collectOutputs } from "../src/actions/collect-interface.js";
import type { InputDefinition, OutputDefinition } from "../src/actions/definition.js";
import { type InputName, type Part, inputs, outputs, parts } from "../src/actions/interface.js";
import { allMatrixInputs, matrixOutputs } from "../src/actions/matrix-interface.js";
import type { ValueType } from "../src/actions/parsers.js";
import { releaseInputs, releaseOutputs } from "../src/actions/release-interface.js";

const author = "The unikernel-ci authors";
const branding = { icon: "box", color: "orange" };

const titles: Readonly<Record<string, readonly [name: string, description: string]>> = {
  setup: ["unikernel-ci setup", "Installs a cached OCaml cross toolchain for unikernels."],
  build: ["unikernel-ci build", "Builds a unikernel and checks what the built file is."],
  boot: ["unikernel-ci boot", "Boots a unikernel and judges whether it works."],
  publish: ["unikernel-ci publish", "Publishes a unikernel with its console, checksums and build info."],
  matrix: ["unikernel-ci matrix", "Makes the matrix of a workflow from a readable list of targets."],
  collect: ["unikernel-ci collect", "Makes one report of the artifacts of all legs of a matrix."],
  release: [
    "unikernel-ci release",
    "Publishes the images of a run as a GitHub release: checksums, SBOM and build info first, public last.",
  ],
};

/** What an action takes and gives. */
export interface Interface {
  readonly inputs: Readonly<Record<string, InputDefinition<unknown>>>;
  readonly outputs: Readonly<Record<string, OutputDefinition>>;
}

/** Every action by its folder; the root's is empty. */
export const interfaces: Readonly<Record<string, Interface>> = {
  "": { inputs, outputs },
  ...Object.fromEntries(parts.map((part) => [part, partInterface(part)])),
  matrix: { inputs: allMatrixInputs, outputs: matrixOutputs },
  collect: { inputs: collectInputs, outputs: collectOutputs },
  release: { inputs: releaseInputs, outputs: releaseOutputs },
};

/** The action.yml of the action in a folder. */
export function actionFile(folder: string): string {
  return folder === "" ? rootAction() : nodeAction(folder);
}

/** Called again at the end of a job that has succeeded: see src/actions/entries/build.ts. */
const atTheEnd: readonly string[] = ["build"];

/** JavaScript actions, as steps with `run:` are given no cache and no artifact service. */
function nodeAction(folder: string): string {
  const [name = "", description = ""] = titles[folder] ?? [];
  const { inputs, outputs } = interfaceOf(folder);
  return yaml({
    name,
    description,
    author,
    branding,
    inputs: written(inputs),
    outputs: Object.fromEntries(Object.entries(outputs).map(([output, { description }]) => [output, { description }])),
    runs: {
      using: "node24",
      main: `../dist/${folder}/index.js`,
      ...(atTheEnd.includes(folder) ? { post: `../dist/${folder}/index.js`, "post-if": "success()" } : {}),
    },
  });
}

/**
 * The root action.yml: the four parts, one after the other. `$/part` is the part of this same repository at the commit
 * that the user pinned; `./part` would be in their checkout.
 */
function rootAction(): string {
  return yaml({
    name: "unikernel-ci",
    description: "Builds MirageOS and OCaml unikernels with cached cross toolchains, boots them and publishes them.",
    author,
    branding,
    inputs: written(inputs),
    outputs: Object.fromEntries(
      Object.entries(outputs).map(([output, { description, part }]) => [
        output,
        { description, value: `\${{ steps.${part}.outputs.${output} }}` },
      ]),
    ),
    runs: { using: "composite", steps: parts.map(step) },
  });
}

/**
 * The action-types.yml beside an action.yml, for generators of typed workflows:
 * https://github.com/typesafegithub/github-actions-typing
 */
export function typesFile(folder: string): string {
  const { inputs, outputs } = interfaceOf(folder);
  return yaml({
    inputs: Object.fromEntries(Object.entries(inputs).map(([name, { parse }]) => [name, typing(parse.type)])),
    outputs: Object.fromEntries(Object.entries(outputs).map(([name, { type = "string" }]) => [name, typing(type)])),
  });
}

/** As `"\n"`; a block of one empty line would say the same to no reader. */
function lineFeed(): Scalar {
  const scalar = new Scalar("\n");
  scalar.type = "QUOTE_DOUBLE";
  return scalar;
}

function typing(type: ValueType): object {
  if (type === "lines") return { type: "list", separator: lineFeed(), "list-item": { type: "string" } };
  return typeof type === "string" ? { type } : { type: "enum", "allowed-values": type };
}

/** After a failed boot too, so that its console is kept; not without an image. */
const conditions: Readonly<Partial<Record<Part, string>>> = {
  publish: "${{ !cancelled() && steps.build.outcome == 'success' }}",
};

function step(part: Part): object {
  const condition = conditions[part];
  return {
    id: part,
    ...(condition === undefined ? {} : { if: condition }),
    uses: `$/${part}`,
    with: Object.fromEntries(inputNamesOf(part).map((name) => [name, handedOver(part, name)])),
  };
}

/** The user's `image` is a glob for `build`; the parts after it take the file that this found. */
function handedOver(part: Part, name: InputName): string {
  return name === "image" && part !== "build" ? "${{ steps.build.outputs.image }}" : `\${{ inputs.${name} }}`;
}

/** The inputs of a part, in the order of the interface. */
export function inputNamesOf(part: Part): InputName[] {
  return (Object.keys(inputs) as InputName[]).filter((name) => inputs[name].parts.some((owner) => owner === part));
}

function partInterface(part: Part): Interface {
  return {
    inputs: Object.fromEntries(inputNamesOf(part).map((name) => [name, inputs[name]])),
    outputs: Object.fromEntries(Object.entries(outputs).filter(([, output]) => output.part === part)),
  };
}

function interfaceOf(folder: string): Interface {
  const found = interfaces[folder];
  if (found === undefined) throw new Error(`there is no action ${folder}`);
  return found;
}

function written(taken: Interface["inputs"]): object {
  return Object.fromEntries(
    Object.entries(taken).map(([name, { description, default: value }]) => [name, { description, default: value }]),
  );
}

function yaml(content: object): string {
  const header = "# Generated from src/actions/interface.ts by `npm run generate`: change it there.\n";
  return header + stringify(content, { lineWidth: 120, blockQuote: "literal" });
}
