import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Mounts, mountPoints, openMounts } from "../../src/platform/files/mount.js";
import type { Context } from "../../src/platform/host.js";
import { Problem } from "../../src/platform/problem.js";
import { markText, ownMark } from "../../src/platform/process/owner-mark.js";
import { processes } from "../../src/platform/process/process.js";
import { findProgram } from "../../src/platform/process/programs.js";
import { toolchainKey } from "../../src/toolchain/key.js";
import { evictToolchains, listToolchains } from "../../src/toolchain/store/evict.js";
import { readInstalled } from "../../src/toolchain/store/installed.js";
import { type Place, toolchainPlace } from "../../src/toolchain/store/place.js";
import { publishToolchain } from "../../src/toolchain/store/publish-archive.js";
import { publishedLevel } from "../../src/toolchain/store/levels.js";
import { obtainToolchain } from "../../src/toolchain/store/store.js";
import type { Makers } from "../../src/toolchain/store/wanted.js";
import { collectingLog } from "../collecting-log.js";
import { exampleSpec } from "../unit/toolchain/examples.js";
import { hostIn } from "./set-up.js";
import { skipNote } from "../skip-note.js";

const key = toolchainKey(exampleSpec);
let folder: string;
let place: Place;
let told: string[];
let mounts: Mounts;

const context = (): Context => ({ host: hostIn(tmpdir()), log: collectingLog([]), processes });
const found = await openMounts(context());
const hasPacker = findProgram("mksquashfs", process.env["PATH"]) !== undefined;
const cannot = found === undefined ? "this user cannot mount" : hasPacker ? undefined : "mksquashfs is missing";

/** Builds a script that contains its own path; the smoke test checks that it has the current path. */
const makers: Makers = {
  build: (path) => {
    mkdirSync(join(path, "opam/lib"), { recursive: true });
    writeFileSync(join(path, "opam/compiler"), `#!${path}/opam/ocamlrun\n`, { mode: 0o755 });
    writeFileSync(join(path, "opam/lib/library"), "of the image");
    return Promise.resolve({ path: [join(path, "opam")], variables: { OPAMROOT: join(path, "opam") } });
  },
  slim: () => Promise.resolve(() => true),
  smokeTest: ({ path }) => {
    const compiler = join(path, "opam/compiler");
    const works =
      existsSync(compiler) && existsSync(/^#!(.*)\/ocamlrun/.exec(readFileSync(compiler, "utf8"))?.[1] ?? "");
    return works ? Promise.resolve() : Promise.reject(new Problem("no compiler"));
  },
};
const mustNotBuild: Makers = { ...makers, build: () => Promise.reject(new Error("must not be built")) };

const mirror = () => join(folder, "mirror");
/** @param by replaces the usual way to mount; undefined: mounting is impossible. */
function obtain(by: Partial<Mounts> | undefined, made = mustNotBuild) {
  const log = collectingLog(told);
  const findMounts = () => Promise.resolve(by === undefined ? undefined : { ...mounts, ...by });
  return obtainToolchain(log, { spec: exampleSpec, key, place, trusts: () => true, findMounts, ...made }, [
    publishedLevel(log, `file://${mirror()}`, []),
  ]);
}
const optionsAt = (path: string) =>
  readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .find((line) => line.split(" ")[4] === path)
    ?.split(" ")[5]
    ?.split(",");
const left = () => readdirSync(join(folder, "toolchains")).sort();
const reboot = () => mounts.unmount(place.path, "fail");

beforeEach(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "unikernel-ci-mounted-")));
  place = await toolchainPlace(folder, key);
  told = [];
  if (found === undefined || cannot !== undefined) return;
  mounts = found;
  mkdirSync(mirror());
  writeFileSync(join(mirror(), "toolchains.json"), '{"format":1,"toolchains":[]}');
  await obtain(undefined, makers);
  const built = await readInstalled(place.path);
  if (built === undefined) throw new Error("nothing was built");
  await publishToolchain(collectingLog([]), built, mirror(), true, 1);
  rmSync(place.path, { recursive: true });
  told = [];
});

afterEach(async () => {
  for (const point of mountPoints(folder)) await mounts.unmount(point, "detach");
  await found?.remove(folder);
});

describe.skipIf(cannot !== undefined)(`a toolchain that is published as an image too${skipNote(cannot)}`, () => {
  it("is mounted, and is then equal to an unpacked one", async () => {
    const mounted = await obtain({});
    expect(mounted).toMatchObject({
      source: "published",
      path: place.path,
      environment: { path: [join(place.path, "opam")] },
    });
    expect(mountPoints(folder)).toEqual([place.path]);
    expect(optionsAt(place.path)).toEqual(expect.arrayContaining(["nosuid", "nodev"]));
    // All users could write to every file in it.
    expect(statSync(place.path).mode & 0o777).toBe(0o700);
    expect(told.join("\n")).toMatch(/published: hit, .* k?B in .* s, checked and mounted in/);
    expect((await obtain({})).source).toBe("tool-cache");
    await expect.poll(left).toEqual([key, `${key}.image`]);
    expect(await listToolchains(join(folder, "toolchains"))).toMatchObject([{ name: key }]);
  });

  it("accepts changes, and keeps them after a restart of the machine, without fetching anything", async () => {
    const { path } = await obtain({});
    writeFileSync(join(path, "opam/lib/more"), "on top");
    renameSync(join(path, "opam/lib"), join(path, "opam/libraries"));
    await reboot();
    expect(readdirSync(path)).toEqual([]);
    rmSync(mirror(), { recursive: true });
    expect((await obtain({})).source).toBe("tool-cache");
    expect(told.join("\n")).toContain("mounted its image again");
    expect(readdirSync(join(path, "opam/libraries")).sort()).toEqual(["library", "more"]);
  });

  it("is mounted once by two jobs at the same time", async () => {
    const sources = await Promise.all([obtain({}), obtain({})]);
    expect(sources.map(({ source }) => source).sort()).toEqual(["published", "tool-cache"]);
    expect(mountPoints(folder)).toEqual([place.path]);
  });

  it.each([
    ["an image", { image: () => Promise.reject(new Problem("no loop device")) }],
    ["an overlay", { overlay: () => Promise.reject(new Problem("no such file system")) }],
  ])("is unpacked, silently, where %s cannot be mounted", async (_, broken) => {
    const unpacked = await obtain(broken);
    expect(unpacked.source).toBe("published");
    expect(mountPoints(folder)).toEqual([]);
    await expect.poll(left).toEqual([key]);
    expect(told.filter((line) => /notice|warning/i.test(line))).toEqual([]);
    expect(readFileSync(join(place.path, "opam/lib/library"), "utf8")).toBe("of the image");
  });

  it("is unpacked where mounting is not allowed", async () => {
    await obtain(undefined);
    await expect.poll(left).toEqual([key]);
  });

  it("is unpacked where the mounted one does not work", async () => {
    let tests = 0;
    const smokeTest: Makers["smokeTest"] = (toolchain) =>
      tests++ === 0 ? Promise.reject(new Problem("no compiler")) : makers.smokeTest(toolchain);
    await obtain({}, { ...mustNotBuild, smokeTest });
    expect(mountPoints(folder)).toEqual([]);
    await expect.poll(left).toEqual([key]);
  });

  it.each([",", ":", "\\"])(
    "is unpacked instead where its folder has a %s, which a mount would take for an option",
    async (character) => {
      const odd = join(folder, `odd${character}lowerdir=`);
      mkdirSync(odd);
      place = await toolchainPlace(odd, key);
      const tried: string[] = [];
      const image = (file: string) => {
        tried.push(file);
        return Promise.reject(new Problem("must not be mounted"));
      };
      expect((await obtain({ image })).source).toBe("published");
      expect(tried).toEqual([]);
    },
  );

  it("stops the set-up when its image is not what was published, and nothing of it is left or mounted", async () => {
    const file = join(mirror(), `${key}.image.tar.zst`);
    const bytes = readFileSync(file);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 0xff;
    writeFileSync(file, bytes);
    await expect(obtain({})).rejects.toThrow("is not the toolchain that was published");
    await expect.poll(left).toEqual([]);
    expect(mountPoints(folder)).toEqual([]);
  });

  const sealedFile = () => join(place.image, "sealed/toolchain.squashfs");
  const record = () => join(place.image, "sealed/image.json");
  /** Root owns the sealed image, so only an attacker with sudo could do any of this. */
  const asRoot = (...command: readonly string[]) => {
    const [program = "", ...args] = [...(process.getuid?.() === 0 ? [] : ["sudo", "-n"]), ...command];
    execFileSync(program, args);
  };
  const change = (act: (bytes: Buffer) => void) => {
    const bytes = readFileSync(sealedFile());
    act(bytes);
    const changed = join(folder, "changed");
    writeFileSync(changed, bytes);
    asRoot("install", "-m", "0444", changed, sealedFile());
  };
  it.each<[string, () => void]>([
    ["a byte of it changed", () => change((bytes) => void bytes.write("ON", bytes.indexOf("of the image")))],
    ["its path became another one", () => change((bytes) => void bytes.write("/X", bytes.indexOf(place.path)))],
    ["a user owns it", () => asRoot("chown", "65534:65534", sealedFile())],
    ["a user may write it", () => asRoot("chmod", "0666", sealedFile())],
    [
      "it became a link",
      () => {
        asRoot("mv", sealedFile(), join(folder, "moved"));
        asRoot("ln", "-s", join(folder, "moved"), sealedFile());
      },
    ],
    ["a user owns its record", () => asRoot("chown", "65534:65534", record())],
    ["it is as an older version left it", () => asRoot("mv", sealedFile(), join(place.image, "toolchain.squashfs"))],
  ])("is not mounted again where %s after an unmount, but fetched", async (_, attack) => {
    await obtain({});
    await reboot();
    attack();
    const mounted: string[] = [];
    const image = (file: string, at: string) => (mounted.push(file), mounts.image(file, at));
    expect((await obtain({ image })).source).toBe("published");
    expect(mounted).toHaveLength(1);
    expect(readFileSync(join(place.path, "opam/lib/library"), "utf8")).toBe("of the image");
  });

  it("is a file of root's that nobody else may write", async () => {
    await obtain({});
    const { uid, mode } = statSync(sealedFile());
    expect([uid, mode & 0o777]).toEqual([0, 0o444]);
    expect(readdirSync(place.image).sort()).toEqual(["lower", "sealed", "upper", "work"]);
  });

  it("is mounted by the next set-up when one was killed while it mounted", async () => {
    await obtain({});
    await reboot();
    await mounts.image(join(place.image, "sealed/toolchain.squashfs"), join(place.image, "lower"));
    expect(optionsAt(join(place.image, "lower"))).toEqual(expect.arrayContaining(["ro", "nosuid", "nodev"]));
    expect((await obtain({})).source).toBe("tool-cache");
    expect(mountPoints(folder)).toEqual([place.path]);
  });

  it("is made again when it no longer works, although another process uses it", async () => {
    const { path } = await obtain({});
    rmSync(join(path, "opam/compiler"));
    const user = spawn("sleep", ["60"], { cwd: path });
    try {
      expect((await obtain({})).source).toBe("published");
      expect(mountPoints(folder)).toEqual([place.path]);
      expect(existsSync(join(path, "opam/compiler"))).toBe(true);
    } finally {
      user.kill();
      await once(user, "exit");
    }
  });
});

describe.skipIf(cannot !== undefined)(`a mounted toolchain that was not used for long${skipNote(cannot)}`, () => {
  const old = () => {
    const then = new Date(Date.now() - 61 * 24 * 3600 * 1000);
    utimesSync(join(place.path, "toolchain.json"), then, then);
    // By a process from before this machine's last start: otherwise it is no older than the uptime.
    writeFileSync(join(place.path, "toolchain-user"), markText({ ...ownMark(), place: "0".repeat(16) }));
  };
  const evict = () =>
    evictToolchains(collectingLog(told), join(folder, "toolchains"), "another", () => Promise.resolve(mounts));

  it("is unmounted and removed", async () => {
    await obtain({});
    old();
    await evict();
    await expect.poll(left).toEqual([]);
    expect(mountPoints(folder)).toEqual([]);
  });

  it("is removed where it is not mounted at the time", async () => {
    await obtain({});
    old();
    await reboot();
    await evict();
    await expect.poll(left).toEqual([]);
  });

  it("stays while a process uses it", async () => {
    await obtain({});
    old();
    const user = spawn("sleep", ["60"], { cwd: place.path });
    try {
      await once(user, "spawn");
      await evict();
      expect((await readInstalled(place.path))?.key).toBe(key);
    } finally {
      user.kill();
      await once(user, "exit");
    }
  });
});
