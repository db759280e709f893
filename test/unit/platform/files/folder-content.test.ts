import { mkdtempSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { folderBytes, removeOldest } from "../../../../src/platform/files/folder-content.js";

/** A folder of files of 100 bytes, each changed the given number of hours ago. */
function folderOf(hoursAgo: Readonly<Record<string, number>>): string {
  const folder = mkdtempSync(join(tmpdir(), "unikernel-ci-"));
  for (const [name, hours] of Object.entries(hoursAgo)) {
    const then = Date.now() / 1000 - hours * 3600;
    writeFileSync(join(folder, name), "x".repeat(100));
    utimesSync(join(folder, name), then, then);
  }
  return folder;
}

it("removes the files that were changed longest ago", async () => {
  const folder = folderOf({ old: 3, new: 1, middle: 2 });
  await removeOldest(folder, 250);
  expect(readdirSync(folder).sort()).toEqual(["middle", "new"]);
  expect(await folderBytes(folder)).toBe(200);
});

it("does not treat a file with a time in the future as the newest", async () => {
  const folder = folderOf({ ahead: -72, new: 1, old: 200 });
  await removeOldest(folder, 250);
  expect(readdirSync(folder).sort()).toEqual(["new", "old"]);
});
