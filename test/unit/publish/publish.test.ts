import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { recordBoot } from "../../../src/artifact/image-record.js";
import { saveRecord } from "../../../src/artifact/records.js";
import type { BuildInfo } from "../../../src/artifact/schema.js";
import type { BootReport } from "../../../src/boot/report.js";
import {
  type ArtifactAccess,
  ArtifactNameTaken,
  type UploadOptions,
} from "../../../src/platform/runner/artifact-service.js";
import type { PublishRequest } from "../../../src/publish/gather.js";
import { publishArtifact } from "../../../src/publish/publish.js";
import { type Architecture } from "../../../src/targets/architecture.js";
import { targets } from "../../../src/targets/targets.js";
import { aarch64, solo5, x86_64 } from "../image/build.js";
import { bootOf, buildRecord, failedBoot, newContext, newImage, passed } from "../artifact/fixtures.js";

const request: PublishRequest = {
  target: "hvt",
  arch: undefined,
  configureArgs: [],
  images: ["www.hvt"],
  artifactName: undefined,
  artifact: true,
  retentionDays: 5,
};
const now = () => new Date(0);

/** The bytes of an image that shows what it is. */
const marked = (architecture: Architecture, target: "hvt" | "spt") =>
  solo5(targets[target].solo5Abi ?? 0, 2, [], architecture === "x86_64" ? x86_64 : aarch64);
const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
const unavailable = { artifacts: { unavailable: "this is not a workflow" }, now };

interface Upload extends UploadOptions {
  readonly name: string;
  readonly files: readonly string[];
}

function service(taken: readonly string[] = []): { access: ArtifactAccess; uploads: Upload[] } {
  const uploads: Upload[] = [];
  const access: ArtifactAccess = {
    upload(name, files, _root, options) {
      if (taken.includes(name)) return Promise.reject(new ArtifactNameTaken(name));
      uploads.push({ name, files, ...options });
      return Promise.resolve({ id: "7", url: "https://github.com/o/r/actions/runs/1/artifacts/7" });
    },
  };
  return { access, uploads };
}

async function builtAndBooted(environment: Readonly<Record<string, string>> = {}, others: readonly BootReport[] = []) {
  const context = newContext(environment);
  const folder = context.host.folders.workspace;
  const image = newImage(folder, "www.hvt", "bytes");
  const debug = newImage(folder, "www.hvt.dbg", "debug bytes");
  writeFileSync(join(folder, "console"), "hello\n");
  await saveRecord(context, image, "build", { ...buildRecord({ ...image, debugFile: debug.path }) });
  await saveRecord(context, image, "boot", [
    recordBoot(failedBoot(image.path, join(folder, "console"))),
    ...others.map(recordBoot),
  ]);
  return context;
}

describe("publish", () => {
  it("gathers image, debug file, console, build info and checksums", async () => {
    const context = await builtAndBooted();
    const published = await publishArtifact(context, request, unavailable);
    expect(published.name).toBe("unikernel-www-hvt-x86_64");
    expect(published.folder).toBe(join(context.host.folders.workspace, "_artifacts", "unikernel-www-hvt-x86_64"));
    const files = [
      "SHA256SUMS",
      "boot.json",
      "build-info.json",
      "console-www-hvt-x86_64.log",
      "junit.xml",
      "sbom.cdx.json",
      "www.hvt",
      "www.hvt.dbg",
    ];
    expect(readdirSync(published.folder).sort()).toEqual(files);
    expect([...published.files].sort()).toEqual(files);
    const info: unknown = JSON.parse(readFileSync(join(published.folder, "build-info.json"), "utf8"));
    expect(info).toEqual(published.info);
    execFileSync("sha256sum", ["-c", "--strict", "--quiet", "SHA256SUMS"], { cwd: published.folder });
    expect(published.summary).toContain("**failed: uncaught exception**");
    expect(published.uploaded).toBeUndefined();
  });

  it("includes the lock file, with which the build can be repeated, if there is one", async () => {
    const context = newContext();
    const folder = context.host.folders.workspace;
    const image = newImage(folder, "www.hvt", "bytes");
    const lockFile = join(folder, "www-hvt.opam.locked");
    writeFileSync(lockFile, "locked");
    const record = buildRecord(image);
    await saveRecord(context, image, "build", { ...record, lockFile });
    const published = await publishArtifact(context, request, unavailable);
    expect(readFileSync(join(published.folder, "www-hvt.opam.locked"), "utf8")).toBe("locked");
    expect(readFileSync(join(published.folder, "SHA256SUMS"), "utf8")).toContain("  www-hvt.opam.locked\n");
    rmSync(lockFile);
    expect((await publishArtifact(context, request, unavailable)).files).not.toContain("www-hvt.opam.locked");
  });

  it("keeps the console of every scenario, and names each in boot.json", async () => {
    const file = join(newContext().host.folders.workspace, "help");
    writeFileSync(file, "usage\n");
    const context = await builtAndBooted({}, [
      bootOf(passed, { scenario: "help", consoleLog: file }),
      bootOf(passed, { scenario: "gone", consoleLog: `${file}-that-is-not-there` }),
    ]);
    const { folder } = await publishArtifact(context, request, unavailable);
    const { images } = JSON.parse(readFileSync(join(folder, "boot.json"), "utf8")) as BuildInfo;
    const consoles = images[0]?.boots.map(({ scenario, console }) => [scenario, console]);
    expect(consoles).toEqual([
      [null, "console-www-hvt-x86_64.log"],
      ["help", "console-www-help-hvt-x86_64.log"],
      ["gone", null],
    ]);
    expect(readFileSync(join(folder, "console-www-help-hvt-x86_64.log"), "utf8")).toBe("usage\n");
    expect(readFileSync(join(folder, "junit.xml"), "utf8")).toContain('<testcase classname="hvt.x86_64" name="help"');
    expect(readFileSync(join(folder, "SHA256SUMS"), "utf8")).toMatch(/ {2}boot\.json\n[^]* {2}junit\.xml\n/);
  });

  it("prefers the target and architecture of the build record over its own inputs", async () => {
    const context = await builtAndBooted();
    const published = await publishArtifact(context, { ...request, target: "spt", arch: "aarch64" }, unavailable);
    expect(published.name).toBe("unikernel-www-hvt-x86_64");
  });

  it("publishes an image that no build of this job made", async () => {
    const context = newContext();
    newImage(context.host.folders.workspace, "www.hvt", "bytes");
    const published = await publishArtifact(context, request, unavailable);
    expect(published.files).toEqual(["www.hvt", "build-info.json", "sbom.cdx.json", "SHA256SUMS"]);
    expect(published.info).toMatchObject({ build: null, toolchain: null, images: [{ unikernel: "www", boots: [] }] });
  });

  it("names an image that no build made by its own architecture", async () => {
    const context = newContext();
    writeFileSync(join(context.host.folders.workspace, "www.spt"), marked("aarch64", "spt"));
    const { name } = await publishArtifact(
      context,
      { ...request, target: undefined, images: ["www.spt"] },
      unavailable,
    );
    expect(name).toBe("unikernel-www-spt-aarch64");
  });

  it("publishes all images that it is given, with the boots of each", async () => {
    const context = newContext();
    const { workspace } = context.host.folders;
    for (const name of ["www.spt", "dns.spt"]) writeFileSync(join(workspace, name), marked("x86_64", "spt"));
    const dns = join(workspace, "dns.spt");
    const image = { path: dns, sha256: sha256(readFileSync(dns)) };
    await saveRecord(context, image, "boot", [recordBoot(bootOf(passed, { imagePath: dns }))]);
    const images = ["www.spt", "dns.spt", "./dns.spt"];
    const { info } = await publishArtifact(context, { ...request, target: "spt", images }, unavailable);
    expect(info.images.map(({ file, boots }) => [file, boots.length])).toEqual([
      ["www.spt", 0],
      ["dns.spt", 1],
    ]);
  });

  it("takes all images of a build once, whichever of them it is given", async () => {
    const context = newContext();
    const { workspace } = context.host.folders;
    const [first, second] = [newImage(workspace, "www.hvt", "one"), newImage(workspace, "dns.hvt", "two")];
    for (const image of [first, second]) await saveRecord(context, image, "build", buildRecord(first, second));
    for (const images of [["dns.hvt"], ["www.hvt", "dns.hvt"]]) {
      const { info } = await publishArtifact(context, { ...request, images }, unavailable);
      expect(info.images.map(({ file }) => file)).toEqual(["www.hvt", "dns.hvt"]);
    }
  });

  it("refuses an image of another build, architecture or target", async () => {
    const context = newContext();
    const { workspace } = context.host.folders;
    for (const [name, architecture, target] of [
      ["www.spt", "x86_64", "spt"],
      ["arm.spt", "aarch64", "spt"],
      ["www.hvt", "x86_64", "hvt"],
      ["dns.spt", "x86_64", "spt"],
    ] as const)
      writeFileSync(join(workspace, name), marked(architecture, target));
    const publish = (images: string[]) =>
      publishArtifact(context, { ...request, target: undefined, images }, unavailable);
    const refused = (name: string) => `input image: ${join(workspace, name)} belongs in another artifact than `;
    await expect(publish(["www.spt", "arm.spt"])).rejects.toThrow(refused("arm.spt"));
    await expect(publish(["www.spt", "www.hvt"])).rejects.toThrow(refused("www.hvt"));
    const dns = join(workspace, "dns.spt");
    const built = { path: dns, name: "dns", bytes: 1, sha256: sha256(readFileSync(dns)) };
    await saveRecord(context, built, "build", buildRecord(built));
    await expect(publish(["www.spt", "dns.spt"])).rejects.toThrow(refused("dns.spt"));
    await expect(publish(["dns.spt", "www.spt"])).rejects.toThrow(refused("www.spt"));
  });

  it("publishes every image of a build, even when several have the same name", async () => {
    const context = newContext();
    const { workspace, temporary } = context.host.folders;
    const first = newImage(workspace, "www.hvt", "one");
    execFileSync("mkdir", [join(temporary, "other")]);
    const second = newImage(join(temporary, "other"), "www.hvt", "two");
    await saveRecord(context, first, "build", buildRecord(first, second));
    const published = await publishArtifact(context, request, unavailable);
    expect(published.files).toEqual(["www.hvt", "www-2.hvt", "build-info.json", "sbom.cdx.json", "SHA256SUMS"]);
    expect(readFileSync(join(published.folder, "www-2.hvt"), "utf8")).toBe("two");
  });

  it("gives no file the name of another in other letters, of its own either", async () => {
    const context = newContext();
    const { workspace, temporary } = context.host.folders;
    const first = newImage(workspace, "www.hvt", "one");
    execFileSync("mkdir", [join(temporary, "other")]);
    const second = newImage(join(temporary, "other"), "WWW.hvt", "two");
    const third = newImage(join(temporary, "other"), "Build-Info.JSON", "three");
    await saveRecord(context, first, "build", buildRecord(first, second, third));
    const published = await publishArtifact(context, request, unavailable);
    expect(published.files).toEqual([
      ...["www.hvt", "WWW-2.hvt", "Build-Info-2.JSON", "build-info.json", "sbom.cdx.json", "SHA256SUMS"],
    ]);
  });

  it("publishes no image that has changed since its build", async () => {
    const context = newContext();
    const { workspace } = context.host.folders;
    const first = newImage(workspace, "www.hvt", "one");
    const second = newImage(workspace, "dns.hvt", "two");
    await saveRecord(context, first, "build", buildRecord(first, second));
    writeFileSync(second.path, "changed");
    await expect(publishArtifact(context, request, unavailable)).rejects.toThrow("dns.hvt has changed");
    symlinkSync(second.path, join(workspace, "link.hvt"));
    const published = await publishArtifact(context, { ...request, images: ["link.hvt"] }, unavailable);
    expect(published.files).toContain("link.hvt");
  });

  it("names an image of the build that is gone", async () => {
    const context = newContext();
    const { workspace } = context.host.folders;
    const [first, second] = [newImage(workspace, "www.hvt", "one"), newImage(workspace, "dns.hvt", "two")];
    await saveRecord(context, first, "build", buildRecord(first, second));
    rmSync(second.path);
    expect((await publishArtifact(context, request, unavailable)).files).not.toContain("dns.hvt");
    expect(context.logged()).toContain(`Warning: ${second.path}, an image of this build, is gone: it is not published`);
  });

  it("replaces the folder of an earlier run", async () => {
    const context = await builtAndBooted();
    const { folder } = await publishArtifact(context, request, unavailable);
    writeFileSync(join(folder, "stale"), "");
    await publishArtifact(context, request, unavailable);
    expect(readdirSync(folder)).not.toContain("stale");
  });

  it.each([
    [{ images: [] }, "publish needs the path of an image"],
    [{ images: ["absent.hvt"] }, "there is no file"],
    [{ artifactName: "a/b" }, "cannot be the name of an artifact"],
  ])("refuses %j", async (wrong, message) => {
    const context = await builtAndBooted();
    await expect(publishArtifact(context, { ...request, ...wrong }, unavailable)).rejects.toThrow(message);
  });
});

describe("uploading", () => {
  const actions = { GITHUB_ACTIONS: "true", GITHUB_RUN_ATTEMPT: "1" };

  it("uploads the folder, and returns the id and URL", async () => {
    const context = await builtAndBooted(actions);
    const { access, uploads } = service();
    const published = await publishArtifact(context, request, { artifacts: access, now });
    expect(published.uploaded).toMatchObject({ id: "7", url: "https://github.com/o/r/actions/runs/1/artifacts/7" });
    expect(uploads).toMatchObject([{ name: "unikernel-www-hvt-x86_64", retentionDays: 5 }]);
    expect(uploads[0]?.files.every((file) => file.startsWith(context.host.folders.state))).toBe(true);
    expect(context.logged()).toContain("unikernel-www-hvt-x86_64 (8 files, ");
  });

  it("is skipped with a notice when there is no service", async () => {
    const context = await builtAndBooted(actions);
    const published = await publishArtifact(context, request, { artifacts: { unavailable: "no token" }, now });
    expect(published.uploaded).toBeUndefined();
    expect(context.logged()).toContain("Notice: nothing was uploaded: no token; the files are in");
  });

  it("is skipped when the input says so", async () => {
    const context = await builtAndBooted(actions);
    const { access, uploads } = service();
    await publishArtifact(context, { ...request, artifact: false }, { artifacts: access, now });
    expect(uploads).toEqual([]);
  });

  it("never replaces another job’s artifact: this one gets a number, and a warning", async () => {
    const context = await builtAndBooted(actions);
    const { access, uploads } = service(["unikernel-www-hvt-x86_64"]);
    const published = await publishArtifact(context, request, { artifacts: access, now });
    expect(uploads).toMatchObject([{ name: "unikernel-www-hvt-x86_64-2" }]);
    expect(published.name).toBe("unikernel-www-hvt-x86_64-2");
    expect(context.logged()).toContain("Warning: this run already has an artifact unikernel-www-hvt-x86_64; this one");
  });

  it("fails with a remedy when the service fails", async () => {
    const context = await builtAndBooted(actions);
    const access: ArtifactAccess = { upload: () => Promise.reject(new Error("quota exceeded")) };
    await expect(publishArtifact(context, request, { artifacts: access, now })).rejects.toThrow(
      "uploading the artifact unikernel-www-hvt-x86_64 failed: quota exceeded",
    );
  });
});
