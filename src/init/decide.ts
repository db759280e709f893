import type { Host } from "../platform/host.js";
import { firstOf } from "../platform/log.js";
import { Problem } from "../platform/problem.js";
import type { Project } from "../project/project.js";
import {
  BeyondTable,
  type ToolchainInputs,
  type ToolchainPlan,
  explainVersions,
  planToolchain,
} from "../toolchain/spec.js";
import type { Composition, Row } from "./compose.js";
import type { Taken } from "./old-builds.js";
import { type Remark, shownFolder } from "./unikernel.js";

/** A row with the versions that `setup` would decide. */
interface Decided {
  readonly row: Row;
  /** For the log: `ocaml 4.14.4: .cirrus.yml asks …`; empty if only opam can decide. */
  readonly versions: readonly string[];
  readonly remarks: readonly Remark[];
}

/** A row that no toolchain builds, and why. */
interface Refused {
  readonly row: Row;
  readonly problem: Problem;
}

/**
 * Decides the versions of a row as `setup` will on a runner. An OCaml of the old CI that does not fit is left out.
 *
 * @param asked the inputs, as a person gave them or as the old CI has them.
 */
function decide(row: Row, asked: ToolchainInputs, project: Project): Decided | Refused {
  const wanted = (ocaml: Taken | undefined) => planOrProblem(row, ocaml, asked, project);
  const plan = wanted(row.ocaml);
  if (!(plan instanceof Problem)) return { row, versions: shown(plan, row, asked, project), remarks: [] };
  const instead = row.ocaml === undefined ? plan : wanted(undefined);
  if (row.ocaml === undefined || instead instanceof Problem)
    return { row, problem: instead instanceof Problem ? instead : plan };
  const text = `${row.ocaml.at} has OCaml ${row.ocaml.value}: ${plan.message}`;
  const without = { ...row, ocaml: undefined };
  return {
    row: without,
    versions: shown(instead, without, asked, project),
    remarks: [{ input: "ocaml-version", text }],
  };
}

/** Hosted runners with this architecture exist on every plan. */
const host: Pick<Host, "architecture"> = { architecture: "x86_64" };

const inputsOf = ({ target }: Row, ocaml: Taken | undefined, asked: ToolchainInputs): ToolchainInputs => ({
  ...asked,
  target,
  arch: asked.arch ?? host.architecture,
  ...(asked.ocamlVersion !== undefined || ocaml === undefined
    ? {}
    : { ocamlVersion: ocaml.value, ocamlSource: ocaml.at }),
});

function planOrProblem(
  row: Row,
  ocaml: Taken | undefined,
  asked: ToolchainInputs,
  project: Project,
): ToolchainPlan | "by opam" | Problem {
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

/** A composition of what can be built. */
export interface Decision {
  readonly composition: Composition;
  /** The versions of all rows for the log, each once: the reason of the first row stands for the others. */
  readonly versions: readonly string[];
  /** A sentence for each row that no toolchain builds. */
  readonly leftOut: readonly string[];
}

/**
 * Decides all rows.
 *
 * @param mayBeEmpty whether a person named the targets, so that the rows do not matter.
 * @throws Problem when no toolchain builds any of them: as `setup` says it.
 */
export async function decideAll(
  composition: Composition,
  asked: Omit<ToolchainInputs, "target">,
  projectOf: (row: Row) => Promise<Project>,
  mayBeEmpty: boolean,
): Promise<Decision> {
  const results: (Decided | Refused)[] = [];
  for (const row of composition.rows) results.push(decide(row, { ...asked, target: row.target }, await projectOf(row)));
  const refused = results.filter((result) => "problem" in result);
  const decided = results.filter((result) => "versions" in result);
  if (decided.length === 0 && refused.length > 0 && !mayBeEmpty) throw whyNone(refused);
  const leftOut = refused.map(
    ({ row, problem }) => `left out: ${shownFolder(row.unikernel.sources)} for ${row.target}: ${problem.message}`,
  );
  const remarks = [
    ...composition.remarks,
    ...decided.flatMap((one) => one.remarks),
    ...leftOut.map((text) => ({ input: "targets", text })),
  ];
  return {
    composition: { ...composition, rows: decided.map(({ row }) => row), remarks },
    versions: distinct(decided),
    leftOut,
  };
}

function distinct(decided: readonly Decided[]): readonly string[] {
  const all = decided.flatMap(({ versions }) => versions);
  const nameOf = (line: string) => line.split(":")[0];
  return all.filter((line, at) => all.findIndex((other) => nameOf(other) === nameOf(line)) === at);
}

function whyNone(refused: readonly Refused[]): Problem {
  const folders = [...new Set(refused.map(({ row }) => row.unikernel.sources))];
  const firsts = folders.flatMap((folder) => refused.find(({ row }) => row.unikernel.sources === folder) ?? []);
  const [first] = firsts;
  if (first !== undefined && firsts.length === 1) return first.problem;
  return new Problem(`no toolchain builds any of the ${firsts.length} unikernels`, {
    ...first?.problem.facts,
    because: firstOf(
      firsts.map(({ row, problem }) => `${shownFolder(row.unikernel.sources)}: ${problem.message}`),
      12,
    ),
  });
}
