import { createReadStream } from "node:fs";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { isLostUpload } from "../../../../src/platform/runner/cache-service.js";

async function openingFails(path: string): Promise<unknown> {
  const [error] = (await once(createReadStream(path), "error")) as unknown[];
  return error;
}

describe("an uncaught error", () => {
  it.each(["cache.tzst", "cache.tgz"])("is from a lost upload when the client’s own %s is gone", async (name) => {
    expect(isLostUpload(await openingFails(`/nowhere/${name}`))).toBe(true);
  });

  it.each([
    ["another file", openingFails("/nowhere/toolchain.tar.zst")],
    ["a folder of that name", openingFails("/nowhere/cache.tzst/file")],
    ["no system error", Promise.resolve(new Error("cache.tzst"))],
    ["no error", Promise.resolve("ENOENT")],
  ])("is a defect when it is of %s", async (_, error) => {
    expect(isLostUpload(await error)).toBe(false);
  });
});
