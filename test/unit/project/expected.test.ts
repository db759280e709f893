import { join } from "node:path";
import { expect, test } from "vitest";
import { checkExpected } from "../../../src/project/expected.js";
import { folderWith, problemOf } from "./fixtures.js";

const [a, b] = ["a".repeat(64), "b".repeat(64)];
const built = (path: string, sha256: string) => ({ path, name: "www", bytes: 1, sha256 });

test("one hash for one image, in any case", async () => {
  expect(await checkExpected([built("/p/www.hvt", a)], a.toUpperCase(), "/p")).toEqual([`www.hvt  ${a}`]);
  const two = await problemOf(checkExpected([built("/p/www.hvt", a), built("/p/x.hvt", b)], a, "/p"));
  expect(two.message).toBe("input expected-sha256: one hash, and 2 images");
});

test("a different image: both hashes, and the image’s path", async () => {
  const problem = await problemOf(checkExpected([built("/p/www.hvt", b)], a, "/p"));
  expect(problem.facts).toMatchObject({ found: [`${b}  /p/www.hvt`], accepted: [`${a}  www.hvt`] });
});

test("a file in sha256sum’s format: images are found by name, comments are ignored", async () => {
  const folder = await folderWith({ sums: `${a}  dist/www.hvt\n# a comment\n${b} *other.bin\n` });
  expect(await checkExpected([built("/p/www.hvt", a), built("/p/new.hvt", b)], "sums", folder)).toEqual([
    `www.hvt  ${a}`,
  ]);
  expect((await problemOf(checkExpected([built("/p/new.hvt", b)], join(folder, "sums"), "/"))).facts.found).toBe(
    "www.hvt, other.bin",
  );
  for (const wrong of [`${b}  www.hvt`, `${a.slice(1)}  x.hvt`, `SHA256 (x.hvt) = ${a}`, `${a}  `]) {
    const sums = await folderWith({ sums: `${a}  www.hvt\n${wrong}\n` });
    const problem = await problemOf(checkExpected([built("/p/www.hvt", a)], "sums", sums));
    expect(problem.message).toBe("input expected-sha256: sums has a line that cannot be used");
    expect(problem.facts.found).toBe(wrong);
  }
  expect((await problemOf(checkExpected([built("/p/www.hvt", a)], "nowhere", folder))).message).toMatch(
    /nowhere cannot be read/,
  );
});
