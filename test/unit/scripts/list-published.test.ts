import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { publishedKinds, parseList } from "../../../src/platform/network/published-list.js";

const script = fileURLToPath(new URL("../../../scripts/list-published.ts", import.meta.url));
let folder: string;

beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "unikernel-ci-list-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const row = (key: string, sum: string, url = `${key}.tar.zst`) => ({ key, url, sha256: sum.repeat(64), bytes: 1 });
const write = (path: string, list: object) => writeFileSync(join(folder, path), JSON.stringify({ format: 1, ...list }));
const read = (path: string): unknown => JSON.parse(readFileSync(join(folder, path), "utf8"));
const run = () =>
  execFileSync(
    process.execPath,
    [
      "--import",
      "tsx",
      script,
      join(folder, "packed"),
      "https://example.org/new/",
      join(folder, "new"),
      join(folder, "data"),
    ],
    { encoding: "utf8" },
  );

it("the lists of what is published get what is new, below the address it lies at, and keep what they have", () => {
  for (const path of ["data", "packed/one", "packed/two", "packed/empty"])
    mkdirSync(join(folder, path), { recursive: true });
  write("data/toolchains.json", { toolchains: [row("b", "0", "https://example.org/old/b.tar.zst")] });
  write("data/carriers.json", { carriers: [] });
  write("packed/one/toolchains.json", {
    toolchains: [{ ...row("c", "1"), image: { url: "c.image.tar.zst", sha256: "4".repeat(64), bytes: 2 } }],
  });
  write("packed/two/toolchains.json", { toolchains: [row("a", "2"), row("b", "3")] });
  write("packed/two/carriers.json", { carriers: [row("guest", "5", "guest.tar.gz")] });
  expect(run()).toBe("toolchains: 2 new, 3 in all\ncarriers: 1 new, 1 in all\n");
  const files = ["one/c.tar.zst", "one/c.image.tar.zst", "two/a.tar.zst", "two/guest.tar.gz"];
  expect(readFileSync(join(folder, "new"), "utf8")).toBe(files.map((file) => `${folder}/packed/${file}\n`).join(""));
  expect(read("data/toolchains.json")).toEqual({
    format: 1,
    toolchains: [
      row("a", "2", "https://example.org/new/a.tar.zst"),
      row("b", "0", "https://example.org/old/b.tar.zst"),
      {
        ...row("c", "1", "https://example.org/new/c.tar.zst"),
        image: { url: "https://example.org/new/c.image.tar.zst", sha256: "4".repeat(64), bytes: 2 },
      },
    ],
  });
  expect(read("data/carriers.json")).toEqual({
    format: 1,
    carriers: [row("guest", "5", "https://example.org/new/guest.tar.gz")],
  });
});

it("a single artifact lies in the folder itself", () => {
  for (const path of ["data", "packed"]) mkdirSync(join(folder, path), { recursive: true });
  write("packed/toolchains.json", { toolchains: [row("a", "1")] });
  expect(run()).toContain("toolchains: 1 new, 1 in all\n");
  expect(readFileSync(join(folder, "new"), "utf8")).toBe(`${folder}/packed/a.tar.zst\n`);
});

it.each(Object.keys(publishedKinds) as (keyof typeof publishedKinds)[])(
  "the %s that setup fetches by default come from releases of this project",
  (kind) => {
    const data = new URL("../../../data/", import.meta.url);
    const rows = parseList(kind, readFileSync(new URL(`${kind}.json`, data), "utf8"), data);
    for (const { url, image } of rows)
      for (const address of [url, image?.url ?? url])
        expect(address).toMatch(
          /^https:\/\/github\.com\/[^/]+\/unikernel-ci\/releases\/download\/toolchains-\d+\/[^/]+$/,
        );
  },
);
