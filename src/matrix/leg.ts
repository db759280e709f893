import { artifactName } from "../artifact/artifact-name.js";
import type { Architecture } from "../target/architecture.js";
import { type Target, targets } from "../target/target.js";
import type { ToolchainPlan } from "../toolchain/spec.js";
import { type Boots, bootsOn } from "./boots.js";
import { type Entry, configureWords } from "./list.js";
import type { Runner } from "./runner.js";

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
