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
  expect(await checkExpected([built("/p/www.hvt", a)], "sums", folder)).toEqual([`www.hvt  ${a}`]);
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

test("a file without a line for every image: the images that it does not name", async () => {
  const folder = await folderWith({ sums: `${a}  dist/www.hvt\n` });
  const images = [built("/p/www.hvt", a), built("/p/new.hvt", b), built("/p/dns.hvt", b)];
  const { message, facts } = await problemOf(checkExpected(images, "sums", folder));
  expect(message).toBe("input expected-sha256: sums has no line for new.hvt, dns.hvt");
  expect(facts).toEqual({ found: "www.hvt", accepted: "a line for each image" });
  const empty = await folderWith({ sums: "# empty\n" });
  expect((await problemOf(checkExpected([built("/p/www.hvt", a)], "sums", empty))).facts.found).toBe(
    "no line in sha256sum’s format",
  );
});
