import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { checksumFile, parseChecksums, writeWithChecksums } from "../../../src/artifact/checksums.js";
import { sha256OfFile } from "../../../src/platform/files/atomic.js";

it("sha256sum accepts the file, and writes the same, even for odd names", async () => {
  const folder = mkdtempSync(join(tmpdir(), "unikernel-ci-"));
  const names = ["www.hvt", "a b", "back\\slash", "line\nfeed", "-dash", "*star", "é"];
  for (const name of names) writeFileSync(join(folder, name), name);
  const checksums = await Promise.all(
    names.map(async (name) => ({ name, sha256: await sha256OfFile(join(folder, name)) })),
  );
  const content = checksumFile(checksums);
  writeFileSync(join(folder, "SHA256SUMS"), content);
  expect(() =>
    execFileSync("sha256sum", ["-c", "--strict", "SHA256SUMS"], { cwd: folder, stdio: "pipe" }),
  ).not.toThrow();
  const written = execFileSync("sha256sum", ["--", ...names.sort()], { cwd: folder, encoding: "utf8" });
  expect(content).toBe(written);
});

it("a checksum file is read as it was written, whatever the names, and any other text is refused", () => {
  const checksums = [" a", "b\\n", "c\nd\r", "e\u2028f\u2029"].map((name) => ({ name, sha256: "ab".repeat(32) }));
  expect(parseChecksums(checksumFile(checksums))).toEqual(checksums);
  expect(["nonsense\n", "", checksumFile(checksums).trimEnd()].map(parseChecksums)).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

it("does not depend on the order of the files", () => {
  const files = [
    { name: "b", sha256: "1" },
    { name: "a", sha256: "2" },
  ];
  expect(checksumFile(files)).toBe("2  a\n1  b\n");
});

it("a file that is not what was checked is not copied, and nothing is left", async () => {
  const folder = mkdtempSync(join(tmpdir(), "unikernel-ci-"));
  const from = join(folder, "www.hvt");
  writeFileSync(from, "checked");
  const sha256 = await sha256OfFile(from);
  const write = () => writeWithChecksums(join(folder, "new"), [{ from, name: "www", sha256 }], []);
  expect(await write()).toEqual(["www", "SHA256SUMS"]);
  writeFileSync(from, "changed");
  await expect(write()).rejects.toThrow("has changed");
  rmSync(from);
  await expect(write()).rejects.toThrow(/www\.hvt has changed$/);
  // Another run can remove a console, too, which has no checksum.
  const unchecked = writeWithChecksums(join(folder, "new"), [{ from, name: "www" }], []);
  await expect(unchecked).rejects.toThrow(/www\.hvt has changed$/);
  writeFileSync(from, "changed");
  expect(readdirSync(folder).sort()).toEqual(["new", "www.hvt"]);
  expect(await sha256OfFile(join(folder, "new/www"))).toBe(sha256);
});

it("a file whose folder became a link after it was checked is not copied", async () => {
  const folder = mkdtempSync(join(tmpdir(), "unikernel-ci-"));
  const from = join(folder, "artifact/www.hvt");
  mkdirSync(join(folder, "artifact"));
  writeFileSync(from, "checked");
  const sha256 = await sha256OfFile(from);
  renameSync(join(folder, "artifact"), join(folder, "elsewhere"));
  symlinkSync("elsewhere", join(folder, "artifact"));
  const write = writeWithChecksums(join(folder, "new"), [{ from, name: "www", sha256 }], []);
  await expect(write).rejects.toThrow("artifact is not in a folder");
  expect(readdirSync(folder).sort()).toEqual(["artifact", "elsewhere"]);
});
