import { expect, it } from "vitest";
import { readInputs } from "../../../src/actions/interface.js";
import { setup } from "../../../src/actions/steps/setup-step.js";
import { readToolchain, saveToolchain } from "../../../src/artifact/records.js";
import { Problem } from "../../../src/platform/problem.js";
import { collectingRunner } from "../../../src/platform/runner/github.js";
import { newContext, toolchainRecord } from "../artifact/fixtures.js";

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
