import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Context } from "../../../src/platform/host.js";
import { describeBuilt } from "../../../src/project/images.js";
import { stripImages } from "../../../src/project/strip.js";
import { targets } from "../../../src/targets/targets.js";
import * as image from "../image/build.js";
import { fakeContext, folderWith, problemOf, put } from "./fixtures.js";

/** A machine with only these programs; its objcopy writes the requested debug file. */
async function machineWith(...programs: readonly string[]) {
  const folder = await folderWith(Object.fromEntries(programs.map((name) => [`bin/${name}`, ""])));
  for (const name of programs) await chmod(join(folder, "bin", name), 0o755);
  const ran: string[] = [];
  const fake = fakeContext(folder, async (argv) => {
    ran.push(argv.map((word) => word.replace(`${folder}/`, "")).join(" "));
    if (argv[1] === "--only-keep-debug") await put(argv.at(-1) ?? "", "debug");
    return undefined;
  });
  const context: Context = { ...fake, host: { ...fake.host, environment: { PATH: join(folder, "bin") } } };
  return { folder, context, ran };
}

async function built(folder: string, files: Readonly<Record<string, Buffer>>) {
  for (const [name, bytes] of Object.entries(files)) await put(join(folder, name), bytes);
  const [first = "", ...others] = Object.keys(files)
    .filter((name) => !name.endsWith(".dbg"))
    .map((name) => join(folder, name));
  return [
    await describeBuilt(first, targets.spt),
    ...(await Promise.all(others.map((path) => describeBuilt(path, targets.spt)))),
  ] as const;
}

const spt = image.solo5(2, 2);

test("copies are stripped, with their debug files next to them, even when images have the same name", async () => {
  const { folder, context, ran } = await machineWith("objcopy");
  const images = await built(folder, { "a/www.spt": spt, "b/www.spt": spt });
  const stripped = await stripImages(context, images, targets.spt, "x86_64", join(folder, "stripped"));
  expect(stripped.map(({ path, name, debugFile }) => [path, name, debugFile])).toEqual(
    ["0", "1"].map((number) => [
      join(folder, "stripped", number, "www.spt"),
      "www",
      join(folder, "stripped", number, "www.spt.debug"),
    ]),
  );
  expect(ran.toSorted()).toEqual([
    "bin/objcopy --only-keep-debug a/www.spt stripped/0/www.spt.debug",
    "bin/objcopy --only-keep-debug b/www.spt stripped/1/www.spt.debug",
    "bin/objcopy --strip-all stripped/0/www.spt",
    "bin/objcopy --strip-all stripped/1/www.spt",
  ]);
});

test("an image with separate debug information and an image that is not ELF are not changed", async () => {
  const { folder, context, ran } = await machineWith();
  const images = await built(folder, { "www.spt": spt, "www.spt.dbg": spt, kernel: image.linuxImage("Unikraft") });
  expect(await stripImages(context, images, targets.spt, "x86_64", join(folder, "stripped"))).toEqual(images);
  expect(ran).toEqual([]);
});

test("without an objcopy for the architecture, the error says what to install", async () => {
  const { folder, context } = await machineWith();
  const images = await built(folder, { "www.spt": spt });
  const strip = (architecture: "x86_64" | "aarch64") =>
    problemOf(stripImages(context, images, targets.spt, architecture, join(folder, "stripped")));
  expect(await strip("x86_64")).toMatchObject({
    message: "input strip: objcopy is not on PATH",
    facts: { do: "install binutils" },
  });
  expect(await strip("aarch64")).toMatchObject({
    message: "input strip: aarch64-linux-gnu-objcopy is not on PATH",
    facts: { do: "install binutils-aarch64-linux-gnu" },
  });
});
