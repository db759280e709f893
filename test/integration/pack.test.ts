import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { findProgram } from "../../src/platform/process/programs.js";
import { collectingLog } from "../collecting-log.js";
import { obtainSmall } from "./small-toolchain.js";

const cli = fileURLToPath(new URL("../../src/actions/entries/cli.ts", import.meta.url));

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "unikernel-ci-pack-")));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it.each([
  ["SIGTERM", 143],
  ["SIGINT", 130],
] as const)("packing that is ended by %s leaves nothing, and says nothing of a defect", async (signal, status) => {
  const { path } = await obtainSmall(collectingLog([]), folder, []);
  const mirror = join(folder, "mirror");
  const child = spawn(process.execPath, ["--import", "tsx", cli, "toolchain", "pack", path, "--to", mirror], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  const isPacking = () => existsSync(mirror) && readdirSync(mirror).some((name) => name.endsWith(".tmp"));
  await expect.poll(isPacking, { interval: 5 }).toBe(true);
  child.kill(signal);
  expect(await once(child, "exit")).toEqual([status, null]);
  expect((await said).join("")).not.toMatch(/defect|error|problem/i);
  expect(readdirSync(mirror)).toEqual([]);
  expect(existsSync(`${path}.lock`)).toBe(false);
});

it.each([
  ["without an option", [], "-19"],
  ["with one", ["--level", "3"], "-3"],
])("the archive is compressed at the level that a person chooses: %s", async (_, options, level) => {
  const { path } = await obtainSmall(collectingLog([]), folder, []);
  const bin = join(folder, "bin");
  mkdirSync(bin);
  const zstd = `#!/bin/sh\necho "$*" >> ${bin}/told\nexec ${findProgram("zstd", process.env["PATH"]) ?? ""} "$@"\n`;
  writeFileSync(join(bin, "zstd"), zstd, { mode: 0o755 });
  const env = { ...process.env, PATH: `${bin}:${process.env["PATH"] ?? ""}` };
  const args = ["--import", "tsx", cli, "toolchain", "pack", path, "--to", join(folder, "mirror"), ...options];
  execFileSync(process.execPath, args, { env, stdio: "pipe" });
  const calls = readFileSync(join(bin, "told"), "utf8").trim().split("\n");
  expect(calls.map((call) => call.split(" ").includes(level))).toEqual(calls.map(() => true));
});

it.each(["0", "20", "3.5", "fast"])(
  "a level that zstd does not have is refused, and nothing is packed: %s",
  (level) => {
    const mirror = join(folder, "mirror");
    const args = ["--import", "tsx", cli, "toolchain", "pack", "any", "--to", mirror, "--level", level];
    const { status, stdout } = spawnSync(process.execPath, args, { encoding: "utf8" });
    expect(stdout).toBe(
      `Error: option --level: "${level}" is not accepted\n  accepted   a whole number from 1 to 19\n`,
    );
    expect([status, existsSync(mirror)]).toEqual([2, false]);
  },
);
