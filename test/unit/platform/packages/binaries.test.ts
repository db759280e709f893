import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Context } from "../../../../src/platform/host.js";
import { processes } from "../../../../src/platform/process/process.js";
import { collectingLog } from "../../../collecting-log.js";

/** A release of one program, packed like Firecracker's. */
const { release } = vi.hoisted(() => ({
  release: {
    source: "a test",
    version: "1.2.3",
    archives: { x86_64: { url: "", sha256: "" }, aarch64: { url: "", sha256: "" } },
  },
}));
vi.mock("../../../../data/firecracker.json", () => ({ default: release }));

const { downloadFirecracker } = await import("../../../../src/platform/packages/binaries.js");

const lines: string[] = [];
const host = { architecture: "x86_64", folders: { temporary: tmpdir() } };
const context = { host, log: collectingLog(lines), processes } as unknown as Context;
let folder: string;
let server: Server;
let asked: number;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "unikernel-ci-firecracker-"));
  asked = 0;
  lines.length = 0;
  const released = join(folder, "release-v1.2.3-x86_64");
  mkdirSync(released);
  writeFileSync(join(released, "firecracker-v1.2.3-x86_64"), "the program", { mode: 0o644 });
  writeFileSync(join(released, "jailer-v1.2.3-x86_64"), "another program");
  const archive = join(folder, "release.tgz");
  execFileSync("tar", ["-czf", archive, "-C", folder, "release-v1.2.3-x86_64"]);
  release.archives.x86_64.sha256 = createHash("sha256").update(readFileSync(archive)).digest("hex");
  server = createServer((_, response) => {
    asked++;
    response.end(readFileSync(archive));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  release.archives.x86_64.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x.tgz`;
});
afterEach(() => {
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true });
});

it("downloads a release once, and keeps only the program", async () => {
  const kept = join(folder, "tools");
  const program = await downloadFirecracker(context, kept);
  expect(program).toBe(join(kept, "v1.2.3-x86_64", "bin/firecracker"));
  expect(readFileSync(program, "utf8")).toBe("the program");
  expect(statSync(program).mode & 0o777).toBe(0o755);
  expect(readdirSync(dirname(program))).toEqual(["firecracker"]);
  expect(readdirSync(kept)).toEqual(["v1.2.3-x86_64"]);

  expect(await downloadFirecracker(context, kept)).toBe(program);
  expect(asked).toBe(1);
});

it.each([
  ["the program", "bin/firecracker"],
  ["its archive", "archive.tgz"],
])("is downloaded again where %s was changed since", async (_, name) => {
  const kept = join(folder, "tools");
  const program = await downloadFirecracker(context, kept);
  writeFileSync(join(kept, "v1.2.3-x86_64", name), "another program");
  writeFileSync(program, "another program");
  expect(await downloadFirecracker(context, kept)).toBe(program);
  expect(readFileSync(program, "utf8")).toBe("the program");
  expect(asked).toBe(2);
});

it("says in one line that it could not be downloaded, prints nothing else, and leaves nothing", async () => {
  await new Promise((resolve) => server.close(resolve));
  const printed = vi.spyOn(process.stdout, "write");
  const kept = join(folder, "tools");
  const cause = "connect ECONNREFUSED [\\d.:]+";
  await expect(downloadFirecracker(context, kept)).rejects.toThrow(
    new RegExp(
      `^Firecracker could not be downloaded: http://127\\.0\\.0\\.1:\\d+/x\\.tgz cannot be reached: ${cause}$`,
    ),
  );
  expect(printed).not.toHaveBeenCalled();
  expect(lines).toEqual([]);
  expect(readdirSync(kept)).toEqual([]);
});

it("unpacks and keeps nothing of what was not released", async () => {
  const right = release.archives.x86_64.sha256;
  release.archives.x86_64.sha256 = "0".repeat(64);
  const kept = join(folder, "tools");
  await expect(downloadFirecracker(context, kept)).rejects.toMatchObject({
    message: `${release.archives.x86_64.url} is not the Firecracker that was released`,
    facts: { found: `SHA-256 ${right}`, accepted: `SHA-256 ${"0".repeat(64)} (a test)` },
  });
  expect(readdirSync(kept)).toEqual([]);
  expect(existsSync(join(kept, "v1.2.3-x86_64"))).toBe(false);
});
