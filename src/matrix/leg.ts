import { artifactName } from "../artifact/artifact-name.js";
import { acceleratorsOf } from "../boot/plan.js";
import type { BuildSystem } from "../project/project.js";
import type { Architecture } from "../targets/architecture.js";
import { type Target, targets } from "../targets/targets.js";
import { findRecipe, hostedRunners } from "../toolchain/packages.js";
import type { ToolchainPlan } from "../toolchain/spec.js";
import { type Entry, configureWords, hasPlace } from "./list.js";

/** The toolchain of a leg. If its job's opam has to decide, the versions are the given ones, which can be ranges. */
export type LegToolchain = Pick<ToolchainPlan, "backend" | "architecture" | "hostArchitecture" | "versions"> & {
  readonly isUndecided?: true;
};

/** A planned leg of the matrix. */
export interface Leg {
  readonly entry: Entry;
  readonly target: Target;
  readonly runner: Runner;
  /** Undefined: the build brings its own toolchain. */
  readonly toolchain: LegToolchain | undefined;
  /** The exact version; `none` without a toolchain; as given, or empty, if the job's opam decides it. */
  readonly ocaml: string;
  /** The job's title: `unikraft-qemu aarch64 (OCaml 5.4.1)`. */
  readonly name: string;
  readonly artifactName: string;
  readonly boots: Boots;
  readonly place: Place;
}

/** Where a leg's project is: values for the inputs of these names. */
export interface Place {
  readonly directory: string;
  /** Empty: the default. */
  readonly configFile: string;
}

/** @param unikernel name of the unikernel, for the artifact. */
export function makeLeg(
  unikernel: string,
  entry: Entry,
  runner: Runner,
  toolchain: LegToolchain | undefined,
  place: Place,
): Leg {
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
    place,
  };
}

/** `hvt x86_64`, `servers/www: hvt x86_64`: the name of a leg in errors and notices. */
export function entryName(entry: Entry): string {
  const { target, architecture, directory, configFile } = entry;
  const place = [directory, configFile].filter((part) => part !== undefined).join("/");
  return `${hasPlace(entry) ? `${place}: ` : ""}${target} ${architecture}`;
}

/** `OCaml 5.4.1`, `OCaml by opam`, or `own toolchain`. */
export function ocamlWords(ocaml: string): string {
  if (ocaml === "") return "OCaml by opam";
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
 * Distinguishes the artifact from others of its target and architecture. OCaml's version is taken from the line, so a
 * new release within a range does not rename the artifact.
 */
function variantOf(entry: Entry): readonly string[] {
  const variant = entry.variant === undefined ? configureWords(entry) : [`--${entry.variant}`];
  return entry.ocaml === undefined ? variant : [...variant, `--ocaml=${entry.ocaml}`];
}

/**
 * Whether and how a machine boots an image:
 *
 * - `kvm or emulation`: with KVM if it works, otherwise by emulation
 * - `kvm`: only with KVM
 * - `native`: as a process of the machine, without KVM
 * - `emulated`: by emulating another architecture's processor
 * - `no: …`: not at all, and why
 */
export type Boots = "kvm or emulation" | "kvm" | "native" | "emulated" | `no: ${string}`;

/**
 * How an image boots on a machine of which only the architecture is known. On the machine itself, `planBoot`
 * (boot/plan.ts) decides.
 *
 * @param machine architecture of the machine that boots it.
 */
export function bootsOn(target: Target, architecture: Architecture, machine: Architecture): Boots {
  const there = acceleratorsOf(target, architecture, machine);
  if (there.includes("native")) return "native";
  if (there.includes("kvm")) return there.includes("tcg") ? "kvm or emulation" : "kvm";
  if (there.includes("tcg")) return "emulated";
  const natively = acceleratorsOf(target, architecture, architecture);
  if (natively.includes("native")) return `no: it runs only on ${architecture} machines`;
  if (natively.includes("kvm")) return `no: it boots only on ${architecture} machines with KVM`;
  return `no: that needs ${target.bootedBy ?? "a VMM that unikernel-ci does not support"}`;
}

/** Runner labels for each architecture, from the input `runs-on`. */
export type RunnerLabels = Readonly<Partial<Record<Architecture, readonly string[]>>>;

export interface Runner {
  readonly architecture: Architecture;
  /** For `runs-on` of the job: the runner must have all of them. */
  readonly labels: readonly string[];
}

/**
 * The machine that builds and boots a leg: the one that its line names; otherwise one of the leg's architecture, if the
 * user has named a runner for it or no other machine can build it; otherwise x86_64, which every runner pool has, with
 * KVM.
 */
export function runnerFor(entry: Entry, buildSystem: BuildSystem, named: RunnerLabels): Runner {
  const { architecture } = entry;
  const needsOwn = named[architecture] !== undefined || !crossBuilds(targets[entry.target], architecture, buildSystem);
  const machine = entry.runner ?? (needsOwn ? architecture : "x86_64");
  return { architecture: machine, labels: named[machine] ?? [hostedRunners[machine]] };
}

/** Whether x86_64 machines can build the image, including the project's dependencies. */
function crossBuilds(target: Target, architecture: Architecture, buildSystem: BuildSystem): boolean {
  if (architecture === "x86_64") return true;
  if (findRecipe({ backend: target.backend, architecture, hostArchitecture: "x86_64" }) === undefined) return false;
  switch (buildSystem) {
    // The opam file that mirage generates depends on the host compiler, which conflicts with the cross compiler.
    case "mirage":
      return !target.crossExcludesHost;
    // opam compiles libraries for the machine that it runs on.
    case "opam":
      return false;
    case "dune":
    case "command":
      return true;
  }
}
