import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Context } from "../../../../src/platform/host.js";
import { processes } from "../../../../src/platform/process/process.js";

/** A release of one program, as Firecracker's are packed. */
const { release, archive, asked } = vi.hoisted(() => ({
  release: {
    source: "a test",
    version: "1.2.3",
    archives: { x86_64: { url: "https://example.org/x.tgz", sha256: "" }, aarch64: { url: "", sha256: "" } },
  },
  archive: { path: "" },
  asked: [] as string[],
}));
vi.mock("../../../../data/firecracker.json", () => ({ default: release }));
vi.mock("@actions/tool-cache", () => ({
  downloadTool: (url: string, file: string) => {
    asked.push(url);
    mkdirSync(dirname(file), { recursive: true });
    copyFileSync(archive.path, file);
    return Promise.resolve(file);
  },
}));

const { downloadFirecracker } = await import("../../../../src/platform/packages/firecracker-binary.js");

const context = { host: { architecture: "x86_64" }, processes } as Context;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "unikernel-ci-firecracker-"));
  asked.length = 0;
  const released = join(folder, "release-v1.2.3-x86_64");
  mkdirSync(released);
  writeFileSync(join(released, "firecracker-v1.2.3-x86_64"), "the program", { mode: 0o644 });
  writeFileSync(join(released, "jailer-v1.2.3-x86_64"), "another program");
  archive.path = join(folder, "release.tgz");
  execFileSync("tar", ["-czf", archive.path, "-C", folder, "release-v1.2.3-x86_64"]);
  release.archives.x86_64.sha256 = createHash("sha256").update(readFileSync(archive.path)).digest("hex");
});
afterEach(() => rmSync(folder, { recursive: true }));

it("downloads a release once, and keeps nothing of it but the program", async () => {
  const kept = join(folder, "tools");
  const program = await downloadFirecracker(context, kept);
  expect(program).toBe(join(kept, "v1.2.3-x86_64", "firecracker"));
  expect(readFileSync(program, "utf8")).toBe("the program");
  expect(statSync(program).mode & 0o777).toBe(0o755);
  expect(readdirSync(dirname(program))).toEqual(["firecracker"]);
  expect(readdirSync(kept)).toEqual(["v1.2.3-x86_64"]);

  expect(await downloadFirecracker(context, kept)).toBe(program);
  expect(asked).toEqual(["https://example.org/x.tgz"]);
});

it("unpacks and keeps nothing of what was not released", async () => {
  const right = release.archives.x86_64.sha256;
  release.archives.x86_64.sha256 = "0".repeat(64);
  const kept = join(folder, "tools");
  await expect(downloadFirecracker(context, kept)).rejects.toMatchObject({
    message: "https://example.org/x.tgz is not the Firecracker that was released",
    facts: { found: `SHA-256 ${right}`, accepted: `SHA-256 ${"0".repeat(64)} (a test)` },
  });
  expect(readdirSync(kept)).toEqual([]);
  expect(existsSync(join(kept, "v1.2.3-x86_64"))).toBe(false);
});
