import type { RunnerLabels } from "../matrix/leg.js";
import { InputError } from "../platform/problem.js";
import { type Architecture, architectureOf, architectureWords } from "../targets/architecture.js";
import { hostedRunners } from "../toolchain/packages.js";
import { type InputDefinitions, type OutputDefinition, type Parsed, input } from "./definition.js";
import { type Marked, inputs, inputsMarked } from "./interface.js";
import { integer, lines, oneOf, optional, text, typed } from "./parsers.js";

/**
 * GitHub’s limit for the jobs of a matrix:
 * https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstrategymatrix
 */
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
        `\`ARCH: LABEL[, LABEL]\` per line, such as \`aarch64: self-hosted, arm64\`; ARCH: ` +
          architectureWords.join(", "),
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
    "The legs, one target per line with its architectures and options: `hvt x86_64 aarch64 ocaml=5.4.1`. " +
      'Options: `ocaml=VERSION`, `variant=NAME`, `configure-args="--a --b"`, `runner=ARCH`, `directory=FOLDER`, ' +
      "`config-file=FILE`. Quote as in a shell; `#` starts a comment.",
    "",
    typed("lines", (value) => value),
  ),
  "on-unsupported": input(
    "What to do with legs that cannot be built: fail (naming all of them), or skip (with a notice each).",
    "fail",
    oneOf("fail", "skip"),
  ),
  group: input(
    "none: one job per leg. toolchain: one job for all legs that share a toolchain and a runner, with their " +
      "JSON list in `matrix.legs`.",
    "none",
    oneOf("none", "toolchain"),
  ),
  "runs-on": input(
    `Runners by their architecture, one \`ARCH: LABEL[, LABEL]\` per line. A line for aarch64 sends all aarch64 ` +
      `legs there. Default: ${hostedRunners.x86_64}, and ${hostedRunners.aarch64} for legs that x86_64 machines ` +
      "cannot build well.",
    "",
    runners,
  ),
  "max-legs": input(`Largest number of legs, up to ${mostJobs}.`, "100", integer(1, mostJobs)),
  unikernel: input(
    "Name of the unikernel in artifact names. Default: the name of the project folder.",
    "",
    optional(text),
  ),
} as const satisfies InputDefinitions;

/** The outputs of `matrix`. */
export const matrixOutputs = {
  matrix: { description: "The matrix, for `fromJSON` in `strategy.matrix`: see docs/matrix.md." },
} as const satisfies Readonly<Record<string, OutputDefinition>>;

/** The inputs of `setup` and `build` that `matrix` takes too. */
export const sharedInputs = inputsMarked("matrix");

/** Every input of `matrix`. */
export const allMatrixInputs = {
  ...matrixInputs,
  ...(Object.fromEntries(sharedInputs.map((name) => [name, inputs[name]])) as Pick<typeof inputs, Marked<"matrix">>),
} as const satisfies InputDefinitions;

export type MatrixInputs = Parsed<typeof allMatrixInputs>;
