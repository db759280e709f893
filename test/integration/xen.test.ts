import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bootXen, buildBareXen } from "./xen-domains.js";

let folder: string;
let image: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "unikernel-ci-xen-"));
  image = buildBareXen(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("a PVH unikernel boots in the Xen helper VM, and its status counts", async () => {
  const { verdict, attempts, consoleLog } = await bootXen(folder, image, { args: "exit 3" });
  expect(verdict).toMatchObject({ verdict: "failed", reason: "exit-status", exitStatus: 3, rule: "end-line" });
  expect(attempts).toMatchObject([{ accelerator: "tcg", monitor: "xen", inCarrier: true }]);
  expect(readFileSync(consoleLog ?? "", "latin1")).toMatch(
    /Solo5: Bindings version bare-1\r\n[^]*solo5_exit\(3\) called/,
  );
});

it("an image that Xen does not load is a failure of the VMM, with xl’s words", async () => {
  const { verdict } = await bootXen(folder, withoutEntry(), {});
  expect(verdict).toMatchObject({ verdict: "failed", reason: "monitor", summary: "xen could not run the image" });
  expect(verdict.evidence?.line).toMatch(/^(?:xc|libxl): error: /);
});

/** The same image without the note that names its entry. */
function withoutEntry(): string {
  const path = join(folder, "no-entry.xen");
  writeFileSync(path, readFileSync(image));
  execFileSync("objcopy", ["--remove-section=.note.xen", path]);
  return path;
}
