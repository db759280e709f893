import { type Check, boolean, listOf, orAbsent, record, text, textsByName } from "../platform/shape.js";
import type { ToolchainEnvironment, ToolchainSpec } from "./toolchain.js";

// What is read from a file may be of another version, damaged, or somebody's own.

/** Whether a value read from a file is a spec. */
export const isSpec = (value: unknown): value is ToolchainSpec => spec(value);
/** Whether a value read from a file is an environment. */
export const isEnvironment = (value: unknown): value is ToolchainEnvironment => environment(value);

const versions: Check = (value) => textsByName(value) && record({ ocaml: text })(value);

const spec = record({
  backend: text,
  architecture: text,
  hostArchitecture: text,
  hostSystem: text,
  cCompiler: text,
  versions,
  repositories: listOf(record({ name: text, url: text, content: orAbsent(text) })),
  packages: listOf(text),
  pins: listOf(record({ package: text, url: text })),
  slim: boolean,
  cFlags: orAbsent(listOf(text)),
});

const environment = record({ path: listOf(text), variables: textsByName, findlibToolchain: orAbsent(text) });
