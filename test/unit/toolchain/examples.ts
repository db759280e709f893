import type { ToolchainSpec } from "../../../src/toolchain/toolchain.js";

/** The spec of a toolchain on a GitHub-hosted runner. */
export const exampleSpec: ToolchainSpec = {
  backend: "solo5",
  architecture: "x86_64",
  hostArchitecture: "x86_64",
  hostSystem: "ubuntu 24.04",
  cCompiler: "gcc 13.3.0",
  versions: { ocaml: "5.5.0", "ocaml-solo5": "1.3.4", solo5: "0.12.1", mirage: "4.11.2" },
  repositories: [{ name: "default", url: "https://opam.ocaml.org" }],
  packages: ["ocaml-base-compiler.5.5.0", "dune", "ocamlfind", "solo5.0.12.1", "ocaml-solo5.1.3.4", "mirage.4.11.2"],
  pins: [],
  slim: true,
};
