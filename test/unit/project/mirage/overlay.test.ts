import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { putOverlay } from "../../../../src/project/mirage/overlay.js";

let workspace: string;
beforeEach(() => {
  workspace = mkdtempSync(join(tmpdir(), "unikernel-ci-overlay-"));
  for (const folder of ["project/duniverse/lib", "lib"]) mkdirSync(join(workspace, folder), { recursive: true });
  writeFileSync(join(workspace, "project/duniverse/lib/pulled"), "");
  writeFileSync(join(workspace, "lib/own"), "");
});
afterEach(() => rmSync(workspace, { recursive: true }));

const put = () =>
  putOverlay(join(workspace, "project"), workspace, {
    duniverse: "duniverse",
    overlay: { name: "lib", path: "../lib" },
  } as Parameters<typeof putOverlay>[2]);

describe("a folder of the user", () => {
  it("replaces the pulled sources of its name", async () => {
    expect(await put()).toBe("duniverse/lib");
    expect(readdirSync(join(workspace, "project/duniverse/lib"))).toEqual(["own"]);
  });

  it("is not put through a link of the project", async () => {
    renameSync(join(workspace, "project/duniverse"), join(workspace, "elsewhere"));
    symlinkSync("../elsewhere", join(workspace, "project/duniverse"));
    await expect(put()).rejects.toThrow(/duniverse\/lib is not in a folder:/);
    expect(existsSync(join(workspace, "elsewhere/lib/pulled"))).toBe(true);
    expect(readdirSync(join(workspace, "project"))).toEqual(["duniverse"]);
  });
});
