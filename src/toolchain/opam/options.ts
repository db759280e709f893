import type { Component } from "../../targets/combinations.js";
import type { Backend } from "../../targets/targets.js";

export interface Option {
  /** The opam package that switches it on: its presence is all that the others look at. */
  readonly package: string;
  /** Those whose cross compilers and libraries read it. With another one it would change the host's compiler alone. */
  readonly backends: readonly Backend[];
  /** The first version that has it. */
  readonly since?: { readonly component: Component; readonly version: string };
}

/** What a toolchain can be built with, by the opam files of ocaml-solo5 and ocaml-unikraft (opam-repository, 2026-08). */
export const toolchainOptions = {
  flambda: { package: "ocaml-option-flambda", backends: ["solo5", "host"] },
  "no-flat-float-array": { package: "ocaml-option-no-flat-float-array", backends: ["solo5", "host"] },
  debug: { package: "ocaml-unikraft-option-debug", backends: ["unikraft"] },
  "9pfs": {
    package: "ocaml-unikraft-option-9pfs",
    backends: ["unikraft"],
    since: { component: "ocaml-unikraft", version: "1.2.0" },
  },
} as const satisfies Readonly<Record<string, Option>>;

export type ToolchainOption = keyof typeof toolchainOptions;
