/**
 * Asks opam's solver whether the toolchains of the version table can be installed, each version of each component at
 * least once:
 *
 *     npx tsx scripts/check-versions.ts <git dir of ocaml/opam-repository> [WORD…]
 *
 * With words, it checks only toolchains whose printed name contains all of them. It builds nothing. It needs git, tar,
 * and opam 2.1 or newer.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readInputs, withTarget, type InputName } from "../src/actions/interface.js";
import { Problem } from "../src/platform/problem.js";
import { type Architecture, architectures } from "../src/targets/architecture.js";
import { knownVersions } from "../src/targets/combinations.js";
import { type TargetName, targetNames, targets } from "../src/targets/targets.js";
import { opamEnvironment, switchName } from "../src/toolchain/environment.js";
import { explainOpam } from "../src/toolchain/opam/opam-problem.js";
import { findRecipe } from "../src/toolchain/packages.js";
import { type ToolchainPlan, planToolchain } from "../src/toolchain/spec.js";

const [opamRepository, ...words] = process.argv.slice(2);
if (opamRepository === undefined)
  throw new Error("usage: check-versions.ts <git dir of ocaml/opam-repository> [WORD…]");

const inputOf = {
  ocaml: "ocaml-version",
  solo5: "solo5-version",
  "ocaml-solo5": "ocaml-solo5-version",
  "ocaml-unikraft": "ocaml-unikraft-version",
  mirage: "mirage-version",
} as const satisfies Readonly<Record<keyof typeof knownVersions, InputName>>;

type Given = Readonly<Partial<Record<InputName, string>>>;

/**
 * Each version of each component, with the defaults of the table for the others; and each OCaml with the newest mirage.
 */
const wishes: readonly Given[] = [
  ...(Object.keys(inputOf) as (keyof typeof inputOf)[]).flatMap((component) =>
    knownVersions[component].map((version): Given => ({ [inputOf[component]]: version })),
  ),
  ...knownVersions.ocaml.map((version): Given => ({
    "ocaml-version": version,
    "mirage-version": knownVersions.mirage.at(-1) ?? "none",
  })),
];

/** Undefined if the table has no such toolchain, which is not an error. */
function planned(
  target: TargetName,
  architecture: Architecture,
  hostArchitecture: Architecture,
  given: Given,
): ToolchainPlan | undefined {
  const inputs = withTarget(readInputs((name) => ({ target, arch: architecture, ...given })[name]));
  const project = { description: "none", buildSystem: given["mirage-version"] === undefined ? "dune" : "mirage" };
  try {
    return planToolchain(inputs, project, { architecture: hostArchitecture });
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}

/** One target of each backend: all others have the same toolchain. */
const representatives = targetNames.filter(
  (name) => targetNames.find((other) => targets[other].backend === targets[name].backend) === name,
);
const places = representatives.flatMap((target) =>
  targets[target].architectures.flatMap((architecture) =>
    architectures
      .filter((hostArchitecture) => findRecipe({ ...targets[target], architecture, hostArchitecture }) !== undefined)
      .map((host) => ({ target, architecture, host })),
  ),
);
const plans = places.flatMap(({ target, architecture, host }) =>
  wishes.flatMap((given) => planned(target, architecture, host, given) ?? []),
);
const nameOf = (plan: ToolchainPlan) =>
  `${plan.backend} ${plan.architecture} on ${plan.hostArchitecture}: ${plan.packages.join(" ")}`;
const asked = [...new Map(plans.map((plan) => [nameOf(plan), plan])).entries()].filter(([name]) =>
  words.every((word) => name.includes(word)),
);

const work = mkdtempSync(join(tmpdir(), "unikernel-ci-versions-"));
try {
  const repository = join(work, "repository");
  mkdirSync(repository);
  const archive = execFileSync("git", ["--git-dir", opamRepository, "archive", "HEAD", "packages", "repo"], {
    maxBuffer: 1 << 30,
  });
  execFileSync("tar", ["-x", "-C", repository], { input: archive });
  const env = { ...opamEnvironment(work, process.env, 1), OPAMSOLVERTIMEOUT: "120" };
  const opam = (...args: string[]) => spawnSync("opam", args, { env, encoding: "utf8", maxBuffer: 1 << 28 });
  const succeed = (...args: string[]) => {
    const { status, stderr } = opam(...args);
    if (status !== 0) throw new Error(`opam ${args.join(" ")}: ${stderr}`);
  };
  succeed("init", "--bare", "--no-setup", "--disable-sandboxing", "--bypass-checks", "default", repository);
  succeed("switch", "create", switchName, "--empty");

  let current = "";
  let failed = 0;
  for (const [name, plan] of asked) {
    // Filters of packages use opam's name of the architecture.
    if (plan.hostArchitecture !== current)
      succeed("var", "--global", `arch=${plan.hostArchitecture === "aarch64" ? "arm64" : plan.hostArchitecture}`);
    current = plan.hostArchitecture;
    const start = performance.now();
    const { status, stdout, stderr } = opam("install", "--show-actions", ...plan.packages);
    console.log(
      `${status === 0 ? "solved" : "FAILED"}  ${((performance.now() - start) / 1000).toFixed(1).padStart(5)} s  ` +
        name,
    );
    if (status === 0) continue;
    failed++;
    const explained = await explainOpam({ ...plan, output: `${stdout}\n${stderr}`, root: undefined });
    for (const line of [explained?.what ?? stderr, ...(explained?.facts.evidence ?? [])])
      console.log(`        ${line}`);
  }
  console.log(`${asked.length - failed} of ${asked.length} toolchains of the table can be installed`);
  if (failed > 0 || asked.length === 0) process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}
