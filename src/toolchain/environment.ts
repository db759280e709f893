import { join } from "node:path";
import { environmentForOthers } from "../platform/process/guarded-environment.js";
import { parseEnvironment } from "./opam/output.js";
import { recipeOf } from "./packages.js";
import type { ToolchainEnvironment, ToolchainSpec } from "./toolchain.js";

/** Name of the one switch in a toolchain's own opam root. */
export const switchName = "toolchain";

/** The layout of a toolchain's folder. */
export function layoutOf(path: string): {
  readonly tools: string;
  readonly root: string;
  readonly prefix: string;
  /** Where opam builds packages, each in a folder `name.version` that stays until all are done. */
  readonly builds: string;
  /** Where opam keeps a folder `name.version` for each installed package. */
  readonly installed: string;
} {
  const root = join(path, "opam");
  const prefix = join(root, switchName);
  const state = join(prefix, ".opam-switch");
  return { tools: join(path, "bin"), root, prefix, builds: join(state, "build"), installed: join(state, "packages") };
}

/** Variables of the caller's own opam switch and OCaml: they must not reach a toolchain's build. */
const ofTheCaller = /^(OPAM|OCAML|CAML|MAKEFLAGS$|MAKELEVEL$|FINDLIB)/;

/**
 * Marks every process of a toolchain's build, to find those that a cancelled build leaves running; its value is the
 * path. A smoke test has no mark: another job may be testing the same toolchain.
 */
export const buildMark = "UNIKERNEL_CI_BUILD";

/**
 * The environment of opam and a toolchain's programs: the caller's, without our own variables and without those of the
 * caller's opam and OCaml. opam must not prompt, colour its output, or change anything but the toolchain's root.
 */
export function opamEnvironment(
  path: string,
  caller: Readonly<Record<string, string | undefined>>,
  cores: number,
): Record<string, string> {
  const kept = Object.entries(environmentForOthers(caller)).filter(([name]) => !ofTheCaller.test(name));
  return {
    ...Object.fromEntries(kept),
    OPAMROOT: layoutOf(path).root,
    OPAMSWITCH: switchName,
    OPAMYES: "1",
    OPAMCOLOR: "never",
    OPAMUTF8: "never",
    OPAMJOBS: String(cores),
    OPAMROOTISOK: "1",
    // packages.ts installs system packages.
    OPAMNODEPEXTS: "1",
    OPAMNOENVNOTICE: "1",
    // The dune cache in the user's home may come from another job on this machine.
    DUNE_CACHE: "disabled",
  };
}

/**
 * The environment of later steps, stored in the manifest, so that setting up a cached toolchain does not start opam.
 *
 * @param path the toolchain's folder.
 * @param opamEnv the output of `opam env --sexp` for the switch.
 */
export function environmentOf(spec: ToolchainSpec, path: string, opamEnv: string): ToolchainEnvironment {
  const { tools, root, prefix } = layoutOf(path);
  const { findlib } = recipeOf(spec);
  // Both contain the search path of the machine that built the toolchain.
  const ofSwitch = Object.entries(parseEnvironment(opamEnv)).filter(([name]) => name !== "PATH" && name !== "MANPATH");
  return {
    path: [tools, join(prefix, "bin")],
    variables: { ...Object.fromEntries(ofSwitch), OPAMROOT: root, OPAMSWITCH: switchName },
    ...(findlib === undefined ? {} : { findlibToolchain: findlib }),
  };
}
