import { expect, it } from "vitest";
import { readInputs } from "../../../src/actions/interface.js";
import { setup } from "../../../src/actions/steps/setup-step.js";
import { readToolchain, saveToolchain } from "../../../src/artifact/records.js";
import { Problem } from "../../../src/platform/problem.js";
import { collectingRunner } from "../../../src/platform/runner/github.js";
import { collectingLog } from "../../collecting-log.js";
import { newContext, toolchainRecord } from "../artifact/fixtures.js";

it("without a toolchain, inputs that only a toolchain uses are named", async () => {
  const given: Readonly<Record<string, string>> = { "ocaml-version": "none", "opam-pins": "a b", "c-flags": "-O3" };
  const lines: string[] = [];
  const read = (names: readonly string[]) => readInputs((name) => (names.includes(name) ? given[name] : undefined));
  const context = { ...newContext(), log: collectingLog(lines) };
  await setup(context, read(["ocaml-version"]), collectingRunner());
  expect(lines.join("\n")).not.toContain("notice");
  await setup(context, read(Object.keys(given)), collectingRunner());
  expect(lines).toContain("notice: c-flags, opam-pins: not used, because `ocaml-version: none` installs no toolchain");
});

it("a set-up that fails leaves no toolchain of an earlier one", async () => {
  const context = newContext();
  await saveToolchain(context, toolchainRecord);
  expect(await readToolchain(context, "solo5", "x86_64")).toBeDefined();
  const given: Readonly<Record<string, string>> = {
    target: "spt",
    "build-system": "command",
    "ocaml-version": "4.2.x",
  };
  const failing = setup(
    context,
    readInputs((name) => given[name]),
    collectingRunner(),
  );
  await expect(failing).rejects.toThrow(Problem);
  expect(await readToolchain(context, "solo5", "x86_64")).toBeUndefined();
});
