import { relative, resolve } from "node:path";
import type { Given } from "../init/adapt.js";
import type { Row } from "../init/compose.js";
import type { Taken } from "../init/old-builds.js";
import type { Tree } from "../init/tree.js";
import { type Unikernel, describe, joined } from "../init/unikernel.js";
import { type Found, almostUnikernels, findUnikernels } from "../init/unikernels.js";
import type { Context } from "../platform/host.js";
import { firstOf } from "../platform/log.js";
import { Problem } from "../platform/problem.js";
import type { Ask } from "../platform/runner/terminal.js";
import { detectProject } from "../project/detect.js";
import type { Project } from "../project/project.js";
import type { Inputs } from "./interface.js";

/** @throws Problem when there is none. */
export async function unikernelsOf(tree: Tree, root: string, current: string, asked: Inputs): Promise<Found> {
  const { buildSystem, buildCommand, configFile } = asked;
  const within = relative(root, resolve(current, asked.directory));
  if (buildCommand !== undefined || buildSystem !== "auto") {
    const project = await detectProject(current, asked);
    return { chosen: [unikernelOf(project, within)], others: [] };
  }
  const found = findUnikernels(tree, within);
  if (configFile !== undefined) {
    const path = joined(within, configFile);
    const named = [...found.chosen, ...found.others].filter(
      (one) => joined(one.directory, one.configFile ?? "config.ml") === path,
    );
    const [one] = named.length > 0 ? named : [unikernelOf(await detectProject(current, asked), within)];
    return { chosen: one === undefined ? [] : [{ ...one, directory: within, configFile }], others: [] };
  }
  if (found.chosen.length > 0) return found;
  const seen = almostUnikernels(tree);
  throw new Problem(`no unikernel in ${resolve(current, asked.directory)}`, {
    found: seen.length === 0 ? firstOf(tree.paths, 12).join(", ") : seen,
    because:
      "looked for a config.ml that registers a unikernel of mirage, and for dune programs with `-z solo5-abi=`, " +
      "`-z unikraft-backend=` or `(enabled_if (= %{context_name} solo5))`; nothing was written",
    do: [
      "run init in the repository of a unikernel, or give its folder with --directory",
      "or give the command that builds it, as in --build-command 'make OUT=\"$OUT\"', or --build-system dune or opam",
    ],
  });
}

/** What a person names by inputs, without a look at its files. */
const unikernelOf = (project: Project, directory: string): Unikernel => ({
  buildSystem: project.buildSystem === "command" ? "dune" : project.buildSystem,
  directory,
  configFile: project.buildSystem === "mirage" && project.configFile !== "config.ml" ? project.configFile : undefined,
  name: undefined,
  sources: directory,
  isAside: false,
  targets: [],
  inputs: {},
  boot: { required: [], needs: undefined },
  remarks: [],
});

/** One build system for all, and in a terminal the ones that a person wants. */
export async function chosenOf(
  { chosen, others }: Found,
  ask: Ask | undefined,
  { log }: Context,
): Promise<readonly Unikernel[]> {
  const all = [...chosen, ...others];
  if (ask === undefined || all.length < 2) return chosen;
  for (const [at, one] of all.entries()) log.line(`  ${String(at + 1).padStart(3)}  ${describe(one)}`);
  const answer = await ask(
    `Which of them? Numbers, or Enter for ${others.length === 0 ? "all" : `the first ${chosen.length}`}:`,
  );
  const numbers = answer
    .split(/[\s,]+/)
    .filter((word) => word !== "")
    .map(Number);
  const wanted = numbers.map((number) => all[number - 1]).filter((one) => one !== undefined);
  if (numbers.length !== wanted.length)
    throw new Problem(`${JSON.stringify(answer)} is not a choice`, { accepted: `numbers from 1 to ${all.length}` });
  return wanted.length === 0 ? chosen : wanted;
}

/** In a terminal, the arguments that a unikernel requires. */
export async function bootAnswers(
  rows: readonly Row[],
  given: Given,
  hasArguments: boolean,
  ask: Ask | undefined,
): Promise<Given> {
  const required = [...new Set(rows.flatMap(({ unikernel }) => unikernel.boot.required))];
  if (
    ask === undefined ||
    hasArguments ||
    required.length === 0 ||
    given["args"] !== undefined ||
    given["check"] !== undefined
  )
    return {};
  const answer = await ask(`Arguments for the boot (required: ${required.join(" ")}), or Enter to check only --help:`);
  return answer === "" ? {} : { args: answer };
}

/** Files with the hash of an image that a script of the old CI compares with. */
export function hashFiles(tree: Tree): readonly Taken[] {
  const scripts = tree.paths.filter((path) =>
    /^\.(?:github|forgejo|gitea)\/workflows\/|\.sh$|akefile|^\.cirrus\.yml$/.test(path),
  );
  const files = tree.paths.filter((path) => /^[^/]+\.sha256$/.test(path) && !/release/.test(path));
  return files.slice(0, 1).flatMap((value) => {
    const at = scripts.find((path) => /sha256sum/.test(tree.text(path)) && tree.text(path).includes(value));
    return at === undefined ? [] : [{ value, at }];
  });
}
