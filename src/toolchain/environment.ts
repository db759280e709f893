import { join } from "node:path";
import { environmentForOthers } from "../platform/process/guarded-environment.js";
import { parseEnvironment } from "./opam/output.js";
import { recipeOf } from "./packages.js";
import type { ToolchainEnvironment, ToolchainSpec } from "./toolchain.js";

/** Name of the one switch in a toolchain's own opam root. */
export const switchName = "toolchain";

/** Where things are in a toolchain's folder. */
export function layoutOf(path: string): {
  readonly tools: string;
  readonly root: string;
  readonly prefix: string;
  /** Where opam builds its packages, each in a folder `name.version` that is there until all are done. */
  readonly builds: string;
  /** Where opam has a folder `name.version` for each package that is installed. */
  readonly installed: string;
} {
  const root = join(path, "opam");
  const prefix = join(root, switchName);
  const state = join(prefix, ".opam-switch");
  return { tools: join(path, "bin"), root, prefix, builds: join(state, "build"), installed: join(state, "packages") };
}

/** Set by opam itself for the switch that a user works in: none of it may reach ours, or come from ours. */
const ofTheCaller = /^(OPAM|OCAML|CAML|MAKEFLAGS$|MAKELEVEL$|FINDLIB)/;

/**
 * Marks every process of a toolchain's build, so that what a cancelled one leaves running is found; its value is the
 * path. A proof has no mark: another job may prove the same toolchain meanwhile.
 */
export const buildMark = "UNIKERNEL_CI_BUILD";

/**
 * The environment that opam and a toolchain's programs run in: the caller's, with nothing of ours and nothing of the
 * caller's own opam and OCaml. opam is told to ask nothing, colour nothing and touch nothing but the toolchain's root.
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
    // System packages are our business: packages.ts.
    OPAMNODEPEXTS: "1",
    OPAMNOENVNOTICE: "1",
    // Nothing of a toolchain comes from what another job of this machine has left in the user's home.
    DUNE_CACHE: "disabled",
  };
}

/**
 * What later steps need, kept in the manifest, so that a cached toolchain is set up without starting opam.
 *
 * @param path the toolchain's folder.
 * @param opamEnv what `opam env --sexp` says of the switch.
 */
export function environmentOf(spec: ToolchainSpec, path: string, opamEnv: string): ToolchainEnvironment {
  const { tools, root, prefix } = layoutOf(path);
  const { findlib } = recipeOf(spec);
  // Both carry the search path of the machine that built the toolchain.
  const ofSwitch = Object.entries(parseEnvironment(opamEnv)).filter(([name]) => name !== "PATH" && name !== "MANPATH");
  return {
    path: [tools, join(prefix, "bin")],
    variables: { ...Object.fromEntries(ofSwitch), OPAMROOT: root, OPAMSWITCH: switchName },
    ...(findlib === undefined ? {} : { findlibToolchain: findlib }),
  };
}
