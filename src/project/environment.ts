import { environmentForOthers } from "../platform/process/guarded-environment.js";
import { searchPath } from "../platform/process/programs.js";
import type { Toolchain } from "../toolchain/toolchain.js";

/**
 * Variables of the caller that point to another OCaml installation, or that move dune's output from where it is
 * expected. For example, `OCAMLFIND_CONF` makes dune 3.24 exit with an internal error.
 */
const ofAnotherInstallation =
  /^(OCAML(FIND|TOP)_.*|OCAMLPATH|OCAMLLIB|CAMLLIB|CAML_LD_LIBRARY_PATH|DUNE_(BUILD_DIR|WORKSPACE|PROFILE|ROOT))$/;

/** Variables of a `make` that started this program: its options and job server are not for the project's make. */
const ofOuterMake = /^(MAKEFLAGS|MFLAGS|MAKELEVEL|MAKEFILES)$/;

/**
 * The environment of a build: the caller's, without this action's secrets and inputs, and with the toolchain first on
 * PATH.
 *
 * @param caller the environment of this program.
 * @param toolchain undefined: the build brings its own, and keeps the caller's OCaml variables.
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
