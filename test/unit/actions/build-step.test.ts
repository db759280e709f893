import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { readInputs } from "../../../src/actions/interface.js";
import { build } from "../../../src/actions/steps/build-step.js";
import { publishTo } from "../../../src/actions/steps/publish-step.js";
import { recordBoot } from "../../../src/artifact/image-record.js";
import { saveRecord } from "../../../src/artifact/records.js";
import type { BuildInfo } from "../../../src/artifact/schema.js";
import { consolePath } from "../../../src/boot/devices/devices.js";
import { processes } from "../../../src/platform/process/process.js";
import { collectingRunner } from "../../../src/platform/runner/github.js";
import { bootOf, newContext, passed } from "../artifact/fixtures.js";

it("a build forgets the boots of an earlier one, even if it makes the same bytes", async () => {
  const quiet = newContext();
  const host = { ...quiet.host, environment: { PATH: process.env["PATH"] } };
  const context = { ...quiet, host, processes };
  const step = async (action: "build" | "publish", image?: string) => {
    const given: Readonly<Record<string, string | undefined>> = {
      target: "unix",
      "build-system": "command",
      "build-command": 'cp /bin/true "$OUT/www"',
      image,
    };
    const runner = collectingRunner();
    const inputs = readInputs((name) => given[name]);
    await (action === "build" ? build : publishTo({ unavailable: "a test" }))(context, inputs, runner);
    return runner.outputs;
  };
  const first = await step("build");
  const image = { path: first["image"] ?? "", sha256: first["sha256"] ?? "" };
  const consoleLog = consolePath(context, image.path);
  mkdirSync(dirname(consoleLog), { recursive: true });
  writeFileSync(consoleLog, "of the earlier boot");
  await saveRecord(context, image, "boot", [recordBoot(bootOf(passed, { imagePath: image.path, consoleLog }))]);

  expect(await step("build")).toMatchObject({ image: image.path, sha256: image.sha256 });
  await step("publish", image.path);
  const folder = /^ +folder +(.*)$/m.exec(quiet.logged())?.[1] ?? "";
  const info = JSON.parse(readFileSync(join(folder, "build-info.json"), "utf8")) as BuildInfo;
  expect(info.images.map(({ boots }) => boots)).toEqual([[]]);
  expect(existsSync(consoleLog)).toBe(false);
});
