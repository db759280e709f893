import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { checkImage } from "../image/check.js";
import { readImage } from "../image/recognise.js";
import type { Context } from "../platform/host.js";
import { succeed } from "../platform/process/process.js";
import { searchPath } from "../platform/process/programs.js";
import type { Target } from "../targets/targets.js";
import { layoutOf, opamEnvironment } from "./environment.js";
import { type Recipe, recipeOf } from "./packages.js";
import type { Toolchain } from "./toolchain.js";

const program = 'let () = print_endline "unikernel-ci: the toolchain works"\n';

/** Without it, the headers of OCaml 4.14 define macros with short names (`alloc`, `heap_start`): caml/compatibility.h. */
const nameSpace = "#define CAML_NAME_SPACE\n";

/** What calls OCaml's runtime, as in the examples of ocaml-solo5 and ocaml-unikraft; mirage brings its own. */
const starts: Readonly<Record<Recipe["start"], Readonly<Record<string, string>>>> = {
  none: {},
  main: {
    "start.c": `${nameSpace}#include <caml/callback.h>
int main(int argc, char **argv) { (void)argc; caml_startup(argv); return 0; }
`,
  },
  solo5: {
    "manifest.json": '{ "type": "solo5.manifest", "version": 1, "devices": [] }\n',
    "start.c": `${nameSpace}#include <solo5.h>
#include <caml/mlvalues.h>
#include <caml/callback.h>
void _nolibc_init(uintptr_t heap_start, size_t heap_size);
int solo5_app_main(const struct solo5_start_info *info)
{
  char *argv[] = { "proof", NULL };
  _nolibc_init(info->heap_start, info->heap_size);
  caml_startup(argv);
  return 0;
}
`,
  },
};

/**
 * Proves a toolchain by using it: compiles and links one OCaml file for the target, and looks at what came out.
 *
 * @throws Problem with what the compiler said.
 */
export async function proveToolchain(
  context: Context,
  { spec, path: toolchainPath, environment }: Pick<Toolchain, "spec" | "path" | "environment">,
  target: Target,
): Promise<void> {
  const { host, processes } = context;
  const path = searchPath(environment.path, host.environment);
  const env = { ...opamEnvironment(toolchainPath, host.environment, host.cores), ...environment.variables, PATH: path };
  const bin = join(layoutOf(toolchainPath).prefix, "bin");
  const folder = await mkdtemp(join(host.folders.temporary, "unikernel-ci-proof-"));
  const run = async (doing: string, ...argv: [string, ...string[]]) =>
    succeed(await processes.run(argv, { env, cwd: folder }), doing);
  try {
    const files = starts[recipeOf(spec).start];
    for (const [name, text] of Object.entries({ ...files, "proof.ml": program })) {
      await writeFile(join(folder, name), text);
    }
    const cFiles = Object.keys(files).filter((name) => name.endsWith(".c"));
    if ("manifest.json" in files) {
      await run("making a manifest", join(bin, "solo5-elftool"), "gen-manifest", "manifest.json", "manifest.c");
      cFiles.push("manifest.c");
    }
    const toolchain = environment.findlibToolchain === undefined ? [] : ["-toolchain", environment.findlibToolchain];
    const link = target.linkOption === undefined ? [] : ["-cclib", target.linkOption];
    await run(
      "linking a test image",
      join(bin, "ocamlfind"),
      ...[...toolchain, "ocamlopt", "-package", "", "-linkpkg", ...link, ...cFiles, "proof.ml", "-o", "proof"],
    );
    // ocamlfind takes the host's compiler for a toolchain that it does not know: only the image tells what really linked it.
    checkImage(await readImage(join(folder, "proof")), target.name, spec.architecture, "the test image");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
