import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
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
