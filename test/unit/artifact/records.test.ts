import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bootFolder } from "../../../src/boot/devices/devices.js";
import { recordBoot } from "../../../src/artifact/image-record.js";
import {
  type ImageRecords,
  forgetBoots,
  readRecord,
  readToolchain,
  saveRecord,
  saveToolchain,
} from "../../../src/artifact/records.js";
import type { BuiltImage } from "../../../src/project/project.js";
import { bootOf, buildRecord, failedBoot, newContext, newImage, passed, toolchainRecord } from "./fixtures.js";

function setUp() {
  const context = newContext();
  const image = newImage(context.host.folders.workspace, "www.hvt", "bytes");
  const folder = join(context.host.folders.state, "records");
  return { context, image, folder };
}

describe("records", () => {
  it("come back as they were saved", async () => {
    const { context, image } = setUp();
    const record = buildRecord(image);
    const probes = [{ text: "tcp://:80", holds: true, said: "connected", atMs: 310 }];
    const reports: ImageRecords["boot"] = [
      recordBoot(failedBoot(image.path, "/tmp/console.log")),
      recordBoot(bootOf(passed, { scenario: "help", probes, span: { startMs: 1, ms: 2 } })),
    ];
    await saveRecord(context, image, "build", record);
    await saveRecord(context, image, "boot", reports);
    expect(await readRecord(context, image.path, "build")).toEqual(record);
    expect(await readRecord(context, image.path, "boot")).toEqual(reports);
  });

  it("are not valid for another image", async () => {
    const { context, image } = setUp();
    await saveRecord(context, image, "build", buildRecord(image));
    expect(await readRecord(context, `${image.path}2`, "build")).toBeUndefined();
    expect(await readRecord(context, image.path, "boot")).toBeUndefined();
  });

  it("are not valid for an image that was rebuilt since", async () => {
    const { context, image } = setUp();
    await saveRecord(context, image, "build", buildRecord(image));
    writeFileSync(image.path, "other bytes");
    expect(await readRecord(context, image.path, "build")).toBeUndefined();
    expect(context.logged()).toContain("www.hvt has changed since its build record was written");
  });

  it("are about the bytes that were booted, not about those that are there when they are saved", async () => {
    const { context, image } = setUp();
    writeFileSync(image.path, "other bytes");
    await saveRecord(context, image, "boot", [recordBoot(bootOf(passed))]);
    expect(await readRecord(context, image.path, "boot")).toBeUndefined();
  });

  it.each(["", "{", "null", "[]", "7", '{"schema":1}', '{"schema":2,"imagePath":"?","value":null}'])(
    "that are damaged are ignored: %s",
    async (content) => {
      const { context, image, folder } = setUp();
      await saveRecord(context, image, "build", buildRecord(image));
      const [file = ""] = readdirSync(folder);
      writeFileSync(join(folder, file), content);
      expect(await readRecord(context, image.path, "build")).toBeUndefined();
    },
  );

  /** Reads a record after one text in its file was replaced. */
  async function readWith<Kind extends keyof ImageRecords>(
    kind: Kind,
    record: (image: BuiltImage) => ImageRecords[Kind],
    right: string,
    wrong: string,
  ) {
    const { context, image, folder } = setUp();
    await saveRecord(context, image, kind, record(image));
    const path = join(folder, readdirSync(folder)[0] ?? "");
    const content = readFileSync(path, "utf8");
    expect(content).toContain(right);
    writeFileSync(
      path,
      content.replace(right, () => wrong),
    );
    return readRecord(context, image.path, kind);
  }

  it.each([
    ['"target":"hvt"', '"target":"vax"'],
    ['"steps":[', '"steps":[7,'],
    ['"bytes":5', '"bytes":"5"'],
    ['"packages":[', '"packages":[null,'],
    ['"images":[', '"images":[],"x":['],
  ])("with a wrong field are ignored: %s -> %s", async (right, wrong) => {
    expect(await readWith("build", buildRecord, right, wrong)).toBeUndefined();
  });

  it.each([
    ['"inCarrier":false', '"inCarrier":0'],
    ['"scenario":"help"', '"scenario":7'],
    ['"holds":true', '"holds":"yes"'],
    ['"startMs":1', '"startMs":null'],
    ['"readyMs":310', '"readyMs":"310"'],
    ['"format":"elf64"', '"format":64'],
    ['"value":[', '"value":[],"x":['],
  ])("of boots with a wrong field are ignored: %s -> %s", async (right, wrong) => {
    const probes = [{ text: "tcp://:80", holds: true, said: "connected", atMs: 310 }];
    const reports = [recordBoot(bootOf(passed, { scenario: "help", probes, span: { startMs: 1, ms: 2 } }))] as const;
    expect(await readWith("boot", () => reports, right, wrong)).toBeUndefined();
  });

  it("of toolchains are kept separately for each backend and architecture", async () => {
    const { context } = setUp();
    await saveToolchain(context, toolchainRecord);
    expect(await readToolchain(context, "solo5", "x86_64")).toEqual(toolchainRecord);
    expect(await readToolchain(context, "solo5", "aarch64")).toBeUndefined();
    expect(await readToolchain(context, "unikraft", "x86_64")).toBeUndefined();
  });

  it("are undefined when their folder is missing, or a folder is in their place", async () => {
    const { context, folder } = setUp();
    expect(await readToolchain(context, "solo5", "x86_64")).toBeUndefined();
    mkdirSync(join(folder, "toolchain-solo5-x86_64.json"), { recursive: true });
    expect(await readToolchain(context, "solo5", "x86_64")).toBeUndefined();
  });
});

it("consoles are forgotten while another run writes one", async () => {
  const context = newContext();
  const folder = bootFolder(context, "/w/www.hvt");
  for (let turn = 0; turn < 50; turn++) {
    for (const name of ["a/b", "a/c", "d"]) mkdirSync(join(folder, name), { recursive: true });
    const write = async () => {
      for (let late = 0; late < 40; late++) await mkdir(join(folder, `late-${late}`)).catch(() => undefined);
    };
    await Promise.all([forgetBoots(context, "/w/www.hvt"), write()]);
  }
});
