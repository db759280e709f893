import { environmentForOthers } from "../platform/process/guarded-environment.js";
import { searchPath } from "../platform/process/programs.js";
import type { Toolchain } from "../toolchain/toolchain.js";

/**
 * Variables of the caller that point to another OCaml, or that move dune's files from where we look for them.
 * `OCAMLFIND_CONF`, for one, makes dune 3.24 end with an internal error.
 */
const ofAnotherInstallation =
  /^(OCAMLFIND_.*|OCAMLPATH|OCAMLLIB|CAMLLIB|OCAMLTOP_.*|CAML_LD_LIBRARY_PATH|DUNE_(BUILD_DIR|WORKSPACE|PROFILE|ROOT))$/;

/** Variables of a `make` that we were started by: its options and its job server are not for the project's make. */
const ofOuterMake = /^(MAKEFLAGS|MFLAGS|MAKELEVEL|MAKEFILES)$/;

/**
 * The environment of a build: the caller's, without what is ours alone, and with the toolchain in front.
 *
 * @param caller the environment that we were started with.
 * @param toolchain undefined: the build brings its own, and the caller's variables about it are kept.
 */
export function buildEnvironment(
  caller: Readonly<Record<string, string | undefined>>,
  toolchain: Pick<Toolchain, "environment"> | undefined,
): Record<string, string> {
  const { path = [], variables = {} } = toolchain?.environment ?? {};
  const isKept = (name: string) =>
    !ofOuterMake.test(name) && (toolchain === undefined || !ofAnotherInstallation.test(name));
  const kept = Object.entries(/* promise: builds-get-no-secrets */ environmentForOthers(caller)).filter(([name]) =>
    isKept(name),
  );
  return { ...Object.fromEntries(kept), ...variables, PATH: searchPath(path, caller) };
}
