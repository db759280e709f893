import type { RunnerLabels } from "../matrix/leg.js";
import { InputError } from "../platform/problem.js";
import { type Architecture, architectureOf, architectureWords } from "../targets/architecture.js";
import { hostedRunners } from "../toolchain/packages.js";
import { type InputDefinitions, type OutputDefinition, type Parsed, input } from "./definition.js";
import { type Marked, inputs, inputsMarked } from "./interface.js";
import { integer, lines, oneOf, optional, text, typed } from "./parsers.js";

/** GitHub runs no more jobs of one matrix: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstrategymatrix */
const mostJobs = 256;

const runners = typed("lines", (value): RunnerLabels => {
  const named: Partial<Record<Architecture, readonly string[]>> = {};
  for (const line of lines(value)) {
    const [, word = "", list = ""] = /^(\w+):(.*)$/.exec(line) ?? [];
    const architecture = architectureOf(word);
    const labels = list.split(",").map((label) => label.trim());
    if (architecture === undefined || labels.includes("")) {
      throw new InputError(
        line,
        `\`ARCH: LABEL[, LABEL]\`, one a line, such as \`aarch64: self-hosted, arm64\`; ARCH: ${architectureWords.join(", ")}`,
      );
    }
    if (named[architecture] !== undefined) throw new InputError(line, `one line for ${architecture}`);
    named[architecture] = labels;
  }
  return named;
});

/** The inputs that only `matrix` has. */
export const matrixInputs = {
  targets: input(
    'The legs, one target a line: `hvt x86_64 aarch64`, then options: `ocaml=5.4.1`, `variant=NAME`, `configure-args="--a --b"`, `runner=ARCH`. Quotes are understood, `#` begins a comment.',
    "",
    typed("lines", (value) => value),
  ),
  "on-unsupported": input(
    "A leg that cannot be built: fail (all of them are named), or skip (it is left out, with a notice).",
    "fail",
    oneOf("fail", "skip"),
  ),
  group: input(
    "none: a job for each leg. toolchain: a job for all legs that share a toolchain and a runner; `matrix.legs` is their JSON list.",
    "none",
    oneOf("none", "toolchain"),
  ),
  "runs-on": input(
    `Runners by the architecture of the machine, one \`ARCH: LABEL[, LABEL]\` a line. A line for aarch64 sends all legs for aarch64 there. Otherwise: ${hostedRunners.x86_64}, and ${hostedRunners.aarch64} for what x86_64 machines do not build well.`,
    "",
    runners,
  ),
  "max-legs": input(`The most legs that the list may have, up to ${mostJobs}.`, "100", integer(1, mostJobs)),
  unikernel: input(
    "Name of the unikernel in the artifacts’ names. Empty: that of the project’s folder.",
    "",
    optional(text),
  ),
} as const satisfies InputDefinitions;

/** The outputs of `matrix`. */
export const matrixOutputs = {
  matrix: { description: "For `strategy.matrix`, by `fromJSON`: see docs/matrix.md." },
} as const satisfies Readonly<Record<string, OutputDefinition>>;

/** The inputs of other parts that `matrix` takes too. */
export const sharedInputs = inputsMarked("matrix");

/** Every input of `matrix`. */
export const allMatrixInputs = {
  ...matrixInputs,
  ...(Object.fromEntries(sharedInputs.map((name) => [name, inputs[name]])) as Pick<typeof inputs, Marked<"matrix">>),
} as const satisfies InputDefinitions;

export type MatrixInputs = Parsed<typeof allMatrixInputs>;
