import { artifactName } from "../artifact/artifact-name.js";
import { acceleratorsOf } from "../boot/plan.js";
import type { BuildSystem } from "../project/project.js";
import type { Architecture } from "../targets/architecture.js";
import { type Target, targets } from "../targets/targets.js";
import { findRecipe, hostedRunners } from "../toolchain/packages.js";
import type { ToolchainPlan } from "../toolchain/spec.js";
import { type Entry, configureWords } from "./list.js";

/** One leg of the matrix, with everything decided. */
export interface Leg {
  readonly entry: Entry;
  readonly target: Target;
  readonly runner: Runner;
  /** Undefined: the build brings its own. */
  readonly toolchain: ToolchainPlan | undefined;
  /** The exact version; `none` without a toolchain. */
  readonly ocaml: string;
  /** The job's title: `unikraft-qemu aarch64 (OCaml 5.4.1)`. */
  readonly name: string;
  readonly artifactName: string;
  readonly boots: Boots;
}

/** @param unikernel its name, for the artifact. */
export function makeLeg(unikernel: string, entry: Entry, runner: Runner, toolchain: ToolchainPlan | undefined): Leg {
  const target = targets[entry.target];
  const ocaml = toolchain?.versions.ocaml ?? "none";
  return {
    entry,
    target,
    runner,
    toolchain,
    ocaml,
    name: nameOf(entry, ocaml),
    artifactName: artifactName({
      unikernel,
      variant: variantOf(entry),
      target: target.name,
      architecture: entry.architecture,
    }),
    boots: bootsOn(target, entry.architecture, runner.architecture),
  };
}

/** What its line asks for, in short: what faults and notices call a leg. */
export function entryName({ target, architecture }: Entry): string {
  return `${target} ${architecture}`;
}

/** `OCaml 5.4.1`, or that the build brings its own. */
export function ocamlWords(ocaml: string): string {
  return ocaml === "none" ? "own toolchain" : `OCaml ${ocaml}`;
}

/** `aarch64`, or `aarch64 on x86_64`. */
export function placeWords(architecture: Architecture, machine: Architecture): string {
  return architecture === machine ? architecture : `${architecture} on ${machine}`;
}

function nameOf(entry: Entry, ocaml: string): string {
  const details = [entry.variant ?? entry.configureArgs, entry.ocaml === undefined ? undefined : ocamlWords(ocaml)];
  const told = details.filter((detail) => detail !== undefined);
  return told.length === 0 ? entryName(entry) : `${entryName(entry)} (${told.join(", ")})`;
}

/**
 * What tells the artifact from others of its target and architecture. OCaml's version stands as the line asks for it, so
 * that a new release within a range does not rename the artifact.
 */
function variantOf(entry: Entry): readonly string[] {
  const variant = entry.variant === undefined ? configureWords(entry) : [`--${entry.variant}`];
  return entry.ocaml === undefined ? variant : [...variant, `--ocaml=${entry.ocaml}`];
}

/**
 * Whether a kind of machine boots an image, and how:
 *
 * - `kvm or emulation`: with KVM where it works, else by emulation
 * - `kvm`: only with KVM
 * - `native`: as a process of the machine, without KVM
 * - `emulated`: another architecture's processor is emulated
 * - `no: …`: not there; why, or what would boot it
 */
export type Boots = "kvm or emulation" | "kvm" | "native" | "emulated" | `no: ${string}`;

/**
 * How an image boots on a machine that nobody has looked at yet: what the boot itself decides by `planBoot`
 * (boot/plan.ts), as far as the VMMs tell it.
 *
 * @param machine architecture of the machine that boots it.
 */
export function bootsOn(target: Target, architecture: Architecture, machine: Architecture): Boots {
  const there = acceleratorsOf(target, architecture, machine);
  if (there.includes("native")) return "native";
  if (there.includes("kvm")) return there.includes("tcg") ? "kvm or emulation" : "kvm";
  if (there.includes("tcg")) return "emulated";
  const atHome = acceleratorsOf(target, architecture, architecture);
  if (atHome.includes("native")) return `no: it runs on an ${architecture} machine only`;
  if (atHome.includes("kvm")) return `no: it boots on an ${architecture} machine with KVM only`;
  return `no: that needs ${target.bootedBy ?? "something that this tool does not know"}`;
}

/** Labels of the machines of each architecture, as the user names them; one label is a list of one. */
export type RunnerLabels = Readonly<Partial<Record<Architecture, readonly string[]>>>;

/** What a leg runs on. */
export interface Runner {
  readonly architecture: Architecture;
  /** What `runs-on` of the job takes: a runner that has all of them. */
  readonly labels: readonly string[];
}

/**
 * The machine that builds and boots a leg: the one its line names; else one of its own architecture, where the user has
 * named a runner for that or nothing else builds it; else x86_64, which is everywhere and is where KVM is.
 */
export function runnerFor(entry: Entry, buildSystem: BuildSystem, named: RunnerLabels): Runner {
  const { architecture } = entry;
  const needsOwn = named[architecture] !== undefined || !crossBuilds(targets[entry.target], architecture, buildSystem);
  const machine = entry.runner ?? (needsOwn ? architecture : "x86_64");
  return { architecture: machine, labels: named[machine] ?? [hostedRunners[machine]] };
}

/** Whether x86_64 machines build the image, and the project's dependencies come for its architecture too. */
function crossBuilds(target: Target, architecture: Architecture, buildSystem: BuildSystem): boolean {
  if (architecture === "x86_64") return true;
  if (findRecipe({ backend: target.backend, architecture, hostArchitecture: "x86_64" }) === undefined) return false;
  switch (buildSystem) {
    // The opam file that mirage writes depends on the compiler with which the cross compiler conflicts.
    case "mirage":
      return !target.crossExcludesHost;
    // opam compiles the libraries for the machine that it runs on.
    case "opam":
      return false;
    case "dune":
    case "command":
      return true;
  }
}
