import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { Problem } from "../../../../src/platform/problem.js";
import { markText, ownMark } from "../../../../src/platform/process/owner-mark.js";
import { toolchainKey } from "../../../../src/toolchain/key.js";
import { givesItself, handOut } from "../../../../src/toolchain/store/handed-out.js";
import { beginInstalling } from "../../../../src/toolchain/store/job-copy.js";
import { actionsCacheLevel } from "../../../../src/toolchain/store/levels.js";
import { type Place, toolchainPlace } from "../../../../src/toolchain/store/place.js";
import { obtainToolchain } from "../../../../src/toolchain/store/store.js";
import type { Wanted } from "../../../../src/toolchain/store/wanted.js";
import type { Toolchain } from "../../../../src/toolchain/toolchain.js";
import { collectingLog } from "../../../collecting-log.js";
import { treeHash } from "../../../tree-hash.js";
import { exampleSpec } from "../examples.js";

describe("a job", () => {
  const hosted = { isGitHubActions: true, environment: { RUNNER_ENVIRONMENT: "github-hosted" } };
  test.each([
    ["on a runner that is thrown away", hosted, "actions-cache", "dune", true],
    ["as a published one there", hosted, "published", "mirage", true],
    ["not where only a build could make it again", hosted, "built", "dune", false],
    ["not where opam installs into it", hosted, "published", "opam", false],
    [
      "not on a runner that is kept",
      { ...hosted, environment: { RUNNER_ENVIRONMENT: "self-hosted" } },
      "published",
      "dune",
      false,
    ],
    ["not on a runner that does not say", { ...hosted, environment: {} }, "published", "dune", false],
    ["not outside of Actions", { ...hosted, isGitHubActions: false }, "published", "dune", false],
  ] as const)(
    "has the cached toolchain itself only where nothing of it outlives the job: %s",
    (_, host, origin, buildSystem, expected) => {
      expect(givesItself(host, { origin }, buildSystem)).toBe(expected);
    },
  );
});

describe("a toolchain that a job was given itself", () => {
  const key = toolchainKey(exampleSpec);
  const notes = "opam/toolchain/.opam-switch";
  let folder: string;
  let place: Place;
  let told: string[];

  const archive = () => join(folder, "cached");
  function obtain(build: Wanted["build"] = () => Promise.reject(new Error("must not be built"))): Promise<Toolchain> {
    const cache = {
      has: () => Promise.resolve(existsSync(archive())),
      restore: (_: string, [path = ""]: readonly string[]) => {
        if (existsSync(archive())) cpSync(archive(), path);
        return Promise.resolve(existsSync(archive()));
      },
      save: (_: string, [path = ""]: readonly string[]) => {
        cpSync(path, archive());
        return Promise.resolve(true);
      },
    };
    const nothing = () => Promise.resolve(undefined);
    const wanted = { spec: exampleSpec, key, place, trusts: () => true, findMounts: nothing, build };
    const makers = { slim: () => Promise.resolve(() => true), smokeTest: nothing };
    const policy = { restore: true, save: true, why: "test" };
    return obtainToolchain(collectingLog(told), { ...wanted, ...makers }, [actionsCacheLevel(cache, policy)]);
  }
  const give = async () => {
    await handOut(collectingLog(told), await obtain());
    return treeHash(place.path, (name) => name === "toolchain-user");
  };
  const lock = () => writeFileSync(place.lock, markText({ ...ownMark(), start: 1 }));

  beforeEach(async () => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "unikernel-ci-handed-")));
    place = await toolchainPlace(folder, key);
    told = [];
    await obtain((path) => {
      for (const name of ["opam/repo", `${notes}/packages`, "opam/toolchain/bin"])
        mkdirSync(join(path, name), { recursive: true });
      writeFileSync(join(path, "opam/toolchain/bin/ocamlopt"), `#!${path}/ocamlrun\n`, { mode: 0o755 });
      symlinkSync("ocamlopt", join(path, "opam/toolchain/bin/ocamlc"));
      writeFileSync(join(path, notes, "switch-state"), "installed: []");
      writeFileSync(join(path, "opam/repo/repos-config"), "repositories: []");
      return Promise.resolve({ path: [join(path, "opam/toolchain/bin")], variables: {} });
    });
    rmSync(place.path, { recursive: true });
    return () => rmSync(folder, { recursive: true, force: true });
  });

  const inTree = (change: (path: string) => void) => () => change(place.path);
  test.each<[string, string, () => void]>([
    ["nothing", "hit", () => undefined],
    ["nothing, where opam has downloaded", "hit", inTree((path) => mkdirSync(join(path, "opam/download-cache")))],
    [
      "what was added",
      "removed",
      inTree((path) => {
        mkdirSync(join(path, "opam/toolchain/lib/www"), { recursive: true });
        writeFileSync(join(path, "opam/toolchain/lib/www/META"), "");
        writeFileSync(join(path, notes, "packages/cache"), "");
      }),
    ],
    [
      "what opam has noted",
      "removed",
      inTree((path) => {
        writeFileSync(join(path, notes, "switch-state"), "installed: [ www ]");
        rmSync(join(path, "opam/repo/repos-config"));
      }),
    ],
    ["the environment", "removed", inTree((path) => writeFileSync(join(path, "toolchain.json"), "{}"))],
    ["a folder's mode", "removed", inTree((path) => chmodSync(join(path, "opam/toolchain/bin"), 0o777))],
    [
      "a compiler, in place, with its time set back",
      "fetched",
      inTree((path) => {
        const file = join(path, "opam/toolchain/bin/ocamlopt");
        writeFileSync(file, readFileSync(file, "utf8").replace("#", "%"), { flag: "r+" });
        utimesSync(file, 0, 0);
      }),
    ],
    [
      "a folder that is gone",
      "fetched",
      inTree((path) => rmSync(join(path, "opam/toolchain/bin"), { recursive: true })),
    ],
    [
      "a folder that is a link now",
      "fetched",
      inTree((path) => {
        renameSync(join(path, "opam/toolchain/bin"), join(path, "moved"));
        symlinkSync(join(path, "moved"), join(path, "opam/toolchain/bin"));
      }),
    ],
    ["the note itself", "fetched", () => writeFileSync(`${place.path}.handed.json`, "{")],
    [
      "a compiler, before a set-up that was killed",
      "fetched",
      () => {
        rmSync(join(place.path, "opam/toolchain/bin/ocamlc"));
        lock();
      },
    ],
  ])("is what it was for the next set-up of the job: %s", async (_, how, change) => {
    const before = await give();
    const packed = readFileSync(archive());
    change();
    told = [];
    const { source } = await obtain();
    rmSync(join(place.path, "opam/download-cache"), { recursive: true, force: true });
    expect(treeHash(place.path, (name) => name === "toolchain-user")).toBe(before);
    expect(source).toBe(how === "fetched" ? "actions-cache" : "tool-cache");
    expect(told.some((line) => line.includes("removed what this job added"))).toBe(how === "removed");
    expect(readFileSync(archive()).equals(packed)).toBe(true);
    await give();
    expect((await obtain()).source).toBe("tool-cache");
    expect(readdirSync(join(folder, "toolchains")).sort()).toEqual([key, `${key}.handed.json`]);
  });

  test("is refused for a second build that installs into it, until the next set-up", async () => {
    await give();
    await beginInstalling(place.path);
    await expect(beginInstalling(place.path)).rejects.toThrow(Problem);
    await give();
    await beginInstalling(place.path);
  });
});
