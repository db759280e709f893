import { createHash } from "node:crypto";
import { execFileSync, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { artifactsIn, readArtifact } from "../../../src/artifact/artifact.js";
import { legOf, writeLegs } from "../collect/fixtures.js";

const leg = legOf();
let folder: string;
let place: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "unikernel-ci-"));
  place = join(folder, leg.name);
  writeLegs(folder, leg);
});

it("artifacts and other folders are listed separately, both sorted by name", async () => {
  writeLegs(folder, { ...leg, name: "b" }, { ...leg, name: "a" });
  mkdirSync(join(folder, "coverage"));
  const namesIn = async (wanted: readonly string[]) => {
    const { artifacts, ...names } = await artifactsIn(folder, wanted);
    return { artifacts: artifacts.map(({ name }) => name), ...names };
  };
  expect(await namesIn([])).toEqual({ artifacts: ["a", "b", leg.name], unwanted: [], others: ["coverage"] });
  expect(await namesIn(["b", "c"])).toEqual({ artifacts: ["b"], unwanted: ["a", leg.name], others: ["coverage"] });
  await expect(artifactsIn(join(folder, "nowhere"))).rejects.toThrow("cannot be read");
});

it("an artifact is read as `publish` wrote it, with the checksums of all its files", async () => {
  const { info, checksums } = await readArtifact(place);
  expect(info).toEqual(leg.info);
  expect(checksums.map(({ name }) => name)).toEqual(["build-info.json", "www.hvt"]);
});

it("the folder of artifacts can be a link, which is not one of theirs", async () => {
  const link = `${folder}-link`;
  symlinkSync(folder, link);
  expect((await artifactsIn(link)).artifacts.map(({ path }) => path)).toEqual([place]);
  expect((await artifactsIn(`${link}/${leg.name}`)).artifacts.map(({ name }) => name)).toEqual([leg.name]);
});

describe("an artifact is refused", () => {
  const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
  const because = async (changed: Readonly<Record<string, string>> = {}) => {
    for (const [name, text] of Object.entries(changed)) writeFileSync(join(place, name), text);
    return String(await readArtifact(place).catch((error: unknown) => error));
  };

  it("with a file that was changed, or is not there", async () => {
    expect(await because({ "www.hvt": "another" })).toContain(`the SHA-256 of www.hvt is ${sha256("another")}`);
    rmSync(join(place, "www.hvt"));
    expect(await because()).toContain("www.hvt is missing");
  });

  it("with an image whose hash differs in build info", async () => {
    writeLegs(folder, {
      ...leg,
      info: { ...leg.info, images: leg.info.images.map((image) => ({ ...image, sha256: sha256("another") })) },
    });
    expect(await because()).toContain("build-info.json and SHA256SUMS have different hashes for www.hvt");
  });

  it("with build info that has no checksum", async () => {
    const [image] = leg.checksums;
    expect(await because({ SHA256SUMS: `${image?.sha256 ?? ""}  www.hvt\n` })).toContain(
      "build-info.json is not in SHA256SUMS",
    );
  });

  it("with invalid checksums, or checksums of files in another folder", async () => {
    expect(await because({ SHA256SUMS: "nonsense\n" })).toContain("SHA256SUMS has a line that is not a checksum");
    expect(await because({ SHA256SUMS: `${sha256("")}  ../secret\n` })).toContain("names a file in another folder");
    expect(await because({ SHA256SUMS: "" })).toContain("SHA256SUMS has a line that is not a checksum");
  });

  it("with a link to a file elsewhere, even when its bytes are right", async () => {
    renameSync(join(place, "www.hvt"), join(folder, "secret"));
    symlinkSync(join(folder, "secret"), join(place, "www.hvt"));
    expect(await because()).toContain("www.hvt is a link");
  });

  it("with a link to a folder elsewhere in place of its own", async () => {
    renameSync(place, join(folder, "elsewhere"));
    symlinkSync("elsewhere", place);
    expect(await because()).toContain(`${leg.name} is not in a folder: a part of its path is a link or a file`);
  });

  it.each(["SHA256SUMS", "build-info.json", "www.hvt"])("with a link to a device for %s", async (name) => {
    rmSync(join(place, name));
    symlinkSync("/dev/zero", join(place, name));
    expect(await because()).toContain(`${name} is a link`);
  });

  it.each(["SHA256SUMS", "build-info.json", "www.hvt"])("with a folder for %s", async (name) => {
    rmSync(join(place, name));
    mkdirSync(join(place, name));
    expect(await because()).toContain(`${name} is not a regular file`);
  });

  it("with a pipe, which is not waited for", { timeout: 120_000 }, async () => {
    const pipe = join(place, "SHA256SUMS");
    rmSync(pipe);
    execFileSync("mkfifo", [pipe]);
    // Another process: one that waits for a pipe in openSync does nothing else.
    const late = join(folder, "late");
    const writer = spawn("sh", ["-c", 'sleep 30; touch "$2"; : <>"$1"', "sh", pipe, late], { detached: true });
    expect(await because()).toContain("SHA256SUMS is not a regular file");
    process.kill(-(writer.pid ?? 0), "SIGKILL");
    expect(existsSync(late)).toBe(false);
  });

  it.each(["SHA256SUMS", "build-info.json", "www.hvt"])("with a %s of 3 GB, before it is read", async (name) => {
    truncateSync(join(place, name), 3e9);
    expect(await because()).toMatch(new RegExp(`${name.replace(".", "\\.")} has more than \\d+ bytes`));
  });

  it("with an image of another size than build info says", async () => {
    writeLegs(folder, { ...leg, info: { ...leg.info, images: leg.info.images.map((one) => ({ ...one, bytes: 1 })) } });
    const sums = readFileSync(join(place, "SHA256SUMS"), "utf8");
    writeFileSync(join(place, "www.hvt"), Buffer.alloc(1000));
    const now = createHash("sha256").update(Buffer.alloc(1000)).digest("hex");
    expect(await because({ SHA256SUMS: sums.replace(/\w{64}(?= {2}www)/, () => now) })).toContain(
      "www.hvt has 1000 bytes, but build-info.json says 1",
    );
  });

  it("with a file that SHA256SUMS names twice", async () => {
    const sums = readFileSync(join(place, "SHA256SUMS"), "utf8");
    expect(await because({ SHA256SUMS: sums + sums })).toContain("SHA256SUMS names a file twice");
  });
});
