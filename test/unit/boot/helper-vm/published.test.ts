import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type HelperVmFiles,
  helperVmPlace,
  fetchHelperVm,
  publishedHelperVms,
  publishHelperVm,
} from "../../../../src/boot/helper-vm/published.js";
import { ensureHelperVm } from "../../../../src/boot/helper-vm/ensure.js";
import { type Context, inspectHost } from "../../../../src/platform/host.js";
import type { PublishedArchive } from "../../../../src/platform/network/published-list.js";
import { publishedArchives } from "../../../../src/platform/network/published.js";
import { Problem } from "../../../../src/platform/problem.js";
import { processes } from "../../../../src/platform/process/process.js";
import { readHostSystem } from "../../../../src/platform/system.js";
import { collectingLog } from "../../../collecting-log.js";

let folder: string;
let told: string[];
let context: Context;
let place: HelperVmFiles;
let packed: PublishedArchive;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "unikernel-ci-carriers-"));
  told = [];
  const environment = {
    PATH: process.env["PATH"],
    RUNNER_TOOL_CACHE: folder,
    RUNNER_TEMP: join(folder, "temporary"),
    GITHUB_WORKSPACE: folder,
  };
  context = { log: collectingLog(told), processes, host: inspectHost("linux", process.arch, environment) };
  const made = helperVmPlace(join(folder, "made"), "debian 12", "aarch64");
  mkdirSync(made.folder, { recursive: true });
  writeFileSync(made.kernel, "a kernel");
  writeFileSync(made.initramfs, "an archive");
  packed = await publishHelperVm(context, made, mirror());
  place = helperVmPlace(join(folder, "tools"), "debian 12", "aarch64");
});
afterEach(() => rmSync(folder, { recursive: true }));

const mirror = () => join(folder, "mirror");
const fetched = (address = `file://${mirror()}`) =>
  fetchHelperVm(context, place, publishedHelperVms(context.log, address));
const list = (...carriers: readonly object[]) =>
  writeFileSync(join(mirror(), "carriers.json"), JSON.stringify({ format: 1, carriers }));
const left = () => (readdirSync(folder).includes("tools") ? readdirSync(join(folder, "tools/carriers")) : []);

describe("a published helper VM", () => {
  it("is its two files again, in its place", async () => {
    expect(await fetched()).toBe(true);
    expect(readdirSync(place.folder).sort()).toEqual(["initramfs", "kernel"]);
    expect([readFileSync(place.kernel, "utf8"), readFileSync(place.initramfs, "utf8")]).toEqual([
      "a kernel",
      "an archive",
    ]);
    expect(readdirSync(join(folder, "temporary"))).toEqual([]);
  });

  it("of Xen is its three files again", async () => {
    const made = helperVmPlace(join(folder, "made"), "debian 12", "xen-x86_64");
    const { kernel, initramfs, hypervisor = "" } = made;
    mkdirSync(made.folder, { recursive: true });
    for (const path of [kernel, initramfs, hypervisor]) writeFileSync(path, path);
    await publishHelperVm(context, made, mirror());
    place = helperVmPlace(join(folder, "tools"), "debian 12", "xen-x86_64");
    expect(await fetched()).toBe(true);
    expect(readdirSync(place.folder).sort()).toEqual(["hypervisor", "initramfs", "kernel"]);
    expect(readFileSync(place.hypervisor ?? "", "utf8")).toBe(hypervisor);
  });

  it("is the same archive each time it is packed, and once in its list", async () => {
    expect(packed).toMatchObject({
      key: "unikernel-ci-carrier-2-debian-12-aarch64",
      url: "unikernel-ci-carrier-2-debian-12-aarch64.tar.gz",
    });
    const made = helperVmPlace(join(folder, "made"), "debian 12", "aarch64");
    expect(await publishHelperVm(context, made, mirror())).toEqual(packed);
    expect(JSON.parse(readFileSync(join(mirror(), "carriers.json"), "utf8"))).toEqual({
      format: 1,
      carriers: [packed],
    });
  });

  it("that is not what was published stops the boot, and nothing of it is unpacked", async () => {
    list({ ...packed, sha256: "0".repeat(64) });
    await expect(fetched()).rejects.toThrow(`${packed.url} is not the helper VM that was published`);
    expect(left()).toEqual([]);
  });

  it("is one whole archive when two boots at once have different ones for its key", async () => {
    const other = join(folder, "other");
    const system = await readHostSystem();
    for (const [to, words] of [
      [mirror(), "one"],
      [other, "two"],
    ] as const) {
      const made = helperVmPlace(join(folder, words), system, "aarch64");
      mkdirSync(made.folder, { recursive: true });
      writeFileSync(made.kernel, words);
      writeFileSync(made.initramfs, words);
      await publishHelperVm(context, made, to);
    }
    const boots = [mirror(), other].map((from) =>
      ensureHelperVm(context, "aarch64", {
        install: false,
        published: publishedHelperVms(context.log, `file://${from}`),
      }),
    );
    const [one, two] = await Promise.all(boots);
    expect(one).toEqual(two);
    expect(told.filter((line) => line.includes("fetched for aarch64"))).toHaveLength(1);
    expect(readFileSync(one?.kernel ?? "", "utf8")).toBe(readFileSync(one?.initramfs ?? "", "utf8"));
  });

  it("of a mirror must be the one that this action names", async () => {
    const own = [{ ...packed, url: "https://example.org/nowhere", sha256: "0".repeat(64) }];
    const published = publishedArchives(context.log, "carriers", { own, mirror: `file://${mirror()}` });
    await expect(fetchHelperVm(context, place, published)).rejects.toThrow(Problem);
    expect(left()).toEqual([]);
  });

  it("that the mirror has lost is not there, and a notice says why", async () => {
    rmSync(join(mirror(), packed.url));
    expect(await fetched()).toBe(false);
    expect(told.join("\n")).toMatch(/^notice: the published helper VM cannot be used: ENOENT/);
    expect(left()).toEqual([]);
  });

  it("that lacks a file is not there", async () => {
    const made = helperVmPlace(join(folder, "made"), "debian 12", "aarch64");
    await processes.run(["tar", "-czf", join(mirror(), "half.tar.gz"), "-C", made.folder, "kernel"]);
    const half = await processes.run(["sha256sum", join(mirror(), "half.tar.gz")]);
    list({ ...packed, url: "half.tar.gz", sha256: half.stdout.slice(0, 64), bytes: 4096 });
    expect(await fetched()).toBe(false);
    expect(told.join("\n")).toMatch(/^notice: the published helper VM cannot be used: .*initramfs: Not found/);
    expect(left()).toEqual([]);
  });

  it.each([
    ["has none of this key", () => list({ ...packed, key: "another" })],
    ["has toolchains alone", () => rmSync(join(mirror(), "carriers.json"))],
  ])("is silently absent when the mirror %s", async (_, prepare) => {
    prepare();
    expect(await fetched()).toBe(false);
    expect(told).toEqual([]);
  });

  it("is not looked up without a mirror or a list", async () => {
    await expect(fetched("nowhere")).rejects.toThrow("input mirror");
    list({});
    await expect(fetched()).rejects.toThrow("carriers.json has a row that is not an archive");
  });
});
