import { describe, expect, it } from "vitest";
import { describeBuilt, withOwnNames } from "../../../src/project/images.js";
import { targets } from "../../../src/targets/targets.js";

describe("the names of images", () => {
  it.each<[string, Readonly<Record<string, string>>]>([
    ["stay if they differ", { "/w/www.hvt": "www", "/w/b/dns.hvt": "dns" }],
    ["get the folder in front if they are the same", { "/w/a/main.exe": "a-main", "/w/b/main.exe": "b-main" }],
    ["leave out the folders above", { "/w/x/a/main.exe": "a-main", "/w/x/b/main.exe": "b-main", "/w/www.exe": "www" }],
    [
      "get as many folders as it takes",
      { "/w/a/bin/main.exe": "a-bin-main", "/w/b/bin/main.exe": "b-bin-main", "/w/main.exe": "w-main" },
    ],
    ["keep the file’s ending if nothing else differs", { "/w/main.exe": "main.exe", "/w/main.hvt": "main.hvt" }],
  ])("%s", (_, right) => {
    const images = Object.keys(right).map((path) => {
      const name = path.split("/").at(-1)?.split(".")[0] ?? "";
      return { path, name, bytes: 1, sha256: "ab".repeat(32) };
    });
    expect(withOwnNames(images)).toEqual(images.map((image) => ({ ...image, name: right[image.path] })));
  });
});

it("an image that another run removes is an error for the user", async () => {
  await expect(describeBuilt("/nowhere/www.hvt", targets.hvt)).rejects.toMatchObject({
    name: "Problem",
    message: "/nowhere/www.hvt has changed",
  });
});
