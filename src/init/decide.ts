import type { Host } from "../platform/host.js";
import { Problem } from "../platform/problem.js";
import type { Project } from "../project/project.js";
import { BeyondTable, type ToolchainInputs, type ToolchainPlan, explainVersions, planToolchain } from "../toolchain/spec.js";
import type { Row } from "./compose.js";
import type { Taken } from "./old-builds.js";
import type { Remark } from "./unikernel.js";

/** A row with the versions that `setup` would decide. */
export interface Decided {
  readonly row: Row;
  /** For the log: `ocaml 4.14.4: .cirrus.yml asks …`; empty if only opam can decide. */
  readonly versions: readonly string[];
  readonly remarks: readonly Remark[];
}

/** A row that no toolchain builds, and why. */
export interface Refused {
  readonly row: Row;
  readonly problem: Problem;
}

/**
 * Decides the versions of a row as `setup` will on a runner. An OCaml of the old CI that does not fit is left out.
 *
 * @param asked the inputs, as a person gave them or as the old CI has them.
 */
export function decide(row: Row, asked: ToolchainInputs, project: Project): Decided | Refused {
  const wanted = (ocaml: Taken | undefined) => planOrProblem(row, ocaml, asked, project);
  const plan = wanted(row.ocaml);
  if (!(plan instanceof Problem)) return { row, versions: shown(plan, row, asked, project), remarks: [] };
  const instead = row.ocaml === undefined ? plan : wanted(undefined);
  if (row.ocaml === undefined || instead instanceof Problem) return { row, problem: instead instanceof Problem ? instead : plan };
  const text = `${row.ocaml.at} has OCaml ${row.ocaml.value}: ${plan.message}`;
  const without = { ...row, ocaml: undefined };
  return { row: without, versions: shown(instead, without, asked, project), remarks: [{ input: "ocaml-version", text }] };
}

/** Hosted runners with this architecture exist on every plan. */
const host: Pick<Host, "architecture"> = { architecture: "x86_64" };

const inputsOf = ({ target }: Row, ocaml: Taken | undefined, asked: ToolchainInputs): ToolchainInputs => ({
  ...asked,
  target,
  arch: asked.arch ?? host.architecture,
  ...(asked.ocamlVersion !== undefined || ocaml === undefined ? {} : { ocamlVersion: ocaml.value, ocamlSource: ocaml.at }),
});

function planOrProblem(row: Row, ocaml: Taken | undefined, asked: ToolchainInputs, project: Project): ToolchainPlan | "by opam" | Problem {
  const inputs = inputsOf(row, ocaml, asked);
  if (inputs.ocamlVersion === "none") return "by opam";
  try {
    return planToolchain(inputs, project, inputs.arch === undefined ? host : { architecture: inputs.arch });
  } catch (error) {
    // A pinned repository can have what the table lacks, but opam's default repository cannot have an older mirage.
    if (error instanceof BeyondTable) return "by opam";
    if (error instanceof Problem) return error;
    throw error;
  }
}

function shown(plan: ToolchainPlan | "by opam", row: Row, asked: ToolchainInputs, project: Project): readonly string[] {
  if (plan === "by opam") return [];
  const { reasons } = explainVersions(inputsOf(row, row.ocaml, asked), project, plan);
  return reasons.map(({ component, version, reason }) => `${component} ${version}: ${reason}`);
}
