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
  run: [
    "unikernel-ci run",
    "Builds, boots and publishes a unikernel in one step, on runners that do not support the root action.",
  ],
  setup: ["unikernel-ci setup", "Installs a cached OCaml cross toolchain for unikernels."],
  build: ["unikernel-ci build", "Builds a unikernel and checks the target and architecture of the image."],
  boot: ["unikernel-ci boot", "Boots a unikernel and judges whether it works."],
  publish: ["unikernel-ci publish", "Publishes a unikernel with its console, checksums and build info."],
  matrix: ["unikernel-ci matrix", "Makes the job matrix of a workflow from a readable list of targets."],
  collect: [
    "unikernel-ci collect",
    "Reports on the artifacts of all legs of a matrix: one table, one SHA256SUMS, one JUnit file.",
  ],
  release: [
    "unikernel-ci release",
    "Publishes the images of a run as a GitHub release, with checksums, SBOM and build info.",
  ],
};

/** The inputs and outputs of an action. */
export interface Interface {
  readonly inputs: Readonly<Record<string, InputDefinition<unknown>>>;
  readonly outputs: Readonly<Record<string, OutputDefinition>>;
}

/** Every action by its folder; the root's is empty. */
export const interfaces: Readonly<Record<string, Interface>> = {
  "": { inputs, outputs },
  run: { inputs, outputs },
  ...Object.fromEntries(parts.map((part) => [part, partInterface(part)])),
  matrix: { inputs: allMatrixInputs, outputs: matrixOutputs },
  collect: { inputs: collectInputs, outputs: collectOutputs },
  release: { inputs: releaseInputs, outputs: releaseOutputs },
};

/** The action.yml of the action in a folder. */
export function actionFile(folder: string): string {
  return folder === "" ? rootAction() : nodeAction(folder);
}

/** Actions that run again at the end of a successful job: see src/actions/steps/build-end.ts. */
const atTheEnd: readonly string[] = ["run", "build"];

/** JavaScript actions: steps with `run:` get no token for the cache and artifact services. */
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
 * The root action.yml: the four parts, one after the other. `$/part` is the part of this repository at the commit that
 * the user pinned; `./part` would be a folder of their checkout.
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

/** Written as `"\n"`: the default, a block with one empty line, is hard to read. */
function lineFeed(): Scalar {
  const scalar = new Scalar("\n");
  scalar.type = "QUOTE_DOUBLE";
  return scalar;
}

function typing(type: ValueType): object {
  if (type === "lines") return { type: "list", separator: lineFeed(), "list-item": { type: "string" } };
  return typeof type === "string" ? { type } : { type: "enum", "allowed-values": type };
}

/** publish runs after a failed boot too, to keep its console, but not without an image. */
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

/** The user's `image` is a glob for `build`; later parts take the files that `build` found. */
function handedOver(part: Part, name: InputName): string {
  return name === "image" && part !== "build" ? "${{ steps.build.outputs.images }}" : `\${{ inputs.${name} }}`;
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
