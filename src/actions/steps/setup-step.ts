import { performance } from "node:perf_hooks";
import { forgetToolchain, saveToolchain } from "../../artifact/records.js";
import { sweepLeftovers } from "../../platform/process/build-programs.js";
import { limitOf } from "../../platform/host.js";
import { detectProject } from "../../project/detect.js";
import { targets } from "../../targets/targets.js";
import { setUpToolchain } from "../../toolchain/setup.js";
import { isSet, withTarget } from "../interface.js";
import type { PartFunction } from "../main.js";

/** The inputs that decide nothing but the toolchain. */
const inputsOfToolchains = [
  "mirage-version",
  "solo5-version",
  "ocaml-solo5-version",
  "ocaml-unikraft-version",
  "opam-repositories",
  "opam-packages",
  "toolchain-options",
  "c-flags",
  "opam-pins",
] as const;

/** Installs the toolchain and adds it to the environment of later steps. */
export const setup: PartFunction = async (context, given, runner) => {
  const inputs = withTarget(given);
  await sweepLeftovers(context);
  // If the set-up fails, a build must not use the toolchain of an earlier one.
  /* promise: setups-forget-toolchains */ await forgetToolchain(
    context,
    targets[inputs.target].backend,
    inputs.arch ?? context.host.architecture,
  );
  if (inputs.ocamlVersion === "none") {
    context.log.line("no toolchain: `ocaml-version: none`");
    const unused = inputsOfToolchains.filter((name) => isSet(name, given));
    if (unused.length > 0)
      context.log.notice(`${unused.join(", ")}: not used, because \`ocaml-version: none\` installs no toolchain`);
    return true;
  }
  const project = await detectProject(context.host.folders.workspace, inputs, limitOf(context.host));
  const started = performance.now();
  const { versionReasons, ...toolchain } = await setUpToolchain(context, inputs, project);
  const { environment, key, source, spec } = toolchain;
  await saveToolchain(context, { toolchain, versionReasons, ms: Math.round(performance.now() - started) });
  for (const folder of environment.path.toReversed()) runner.addPath(folder);
  for (const [name, value] of Object.entries(environment.variables)) runner.exportVariable(name, value);
  runner.setOutput("toolchain-path", toolchain.path);
  runner.setOutput("toolchain-key", key);
  runner.setOutput("cache-hit", String(source !== "built"));
  runner.setOutput("ocaml-version", spec.versions.ocaml);
  return true;
};
