import { describe, expect, it } from "vitest";
import { buildCaches, dependenciesHash, duneCacheUse } from "../../../../src/project/caches/cache-plan.js";
import { targets } from "../../../../src/targets/targets.js";
import { cachePolicy } from "../../../../src/toolchain/cache-policy.js";

const folders = { toolCache: "/tools", state: "/temp/unikernel-ci", temporary: "/temp", workspace: "/work" };
const runner = { folders, isGitHubActions: true };
const project = { buildSystem: "dune", directory: "/work/www", description: "dune", requirements: [] } as const;
const toolchain = { key: "unikernel-ci-3-solo5-x86_64-5.5.0-5385df5972f3a0e9", path: "/tools/t" };
const build = { project, target: targets.hvt, toolchain };
const mirage = {
  ...build,
  project: { ...project, buildSystem: "mirage", configFile: "config.ml", lockFiles: [] },
} as const;

describe("the caches of a build", () => {
  it("are dune’s, in a folder that is gone after the job", () => {
    expect(buildCaches(runner, build)).toEqual([
      {
        kind: "dune",
        label: "dune cache",
        folder: "/temp/unikernel-ci/dune-cache/b01a435c1361c96a",
        limitBytes: 500e6,
        prefix: "unikernel-ci-dune-1-3-solo5-x86_64-5.5.0-5385df5972f3a0e9-hvt-8c0f57db-",
      },
    ]);
  });

  it("include opam’s downloads for mirage", () => {
    expect(buildCaches(runner, mirage).map(({ kind, folder }) => [kind, folder])).toEqual([
      ["dune", expect.stringMatching(/^\/temp\/unikernel-ci\/dune-cache\//)],
      ["downloads", "/tools/t/opam/download-cache"],
    ]);
  });

  it("stay on a machine that is no runner, where all builds share dune’s", () => {
    const here = { folders, isGitHubActions: false };
    const folderOf = (of: typeof build) => buildCaches(here, of)[0]?.folder;
    expect(folderOf(build)).toBe("/tools/dune-cache");
    expect(folderOf({ ...build, target: targets.spt })).toBe("/tools/dune-cache");
  });

  it.each([
    ["toolchain", { ...build, toolchain: { ...toolchain, key: "unikernel-ci-3-solo5-x86_64-5.5.0-other" } }],
    ["target", { ...build, target: targets.spt }],
    ["folder of the project", { ...build, project: { ...project, directory: "/work/dns" } }],
    ["configuration", { ...mirage, project: { ...mirage.project, configFile: "mirage/config.ml" } }],
  ])("are others for another %s", (_, other) => {
    const [one] = buildCaches(runner, other.project.buildSystem === "mirage" ? mirage : build);
    const [another] = buildCaches(runner, other);
    expect(another?.prefix).not.toBe(one?.prefix);
    expect(another?.folder).not.toBe(one?.folder);
  });

  it("are the same wherever the checkout is", () => {
    const elsewhere = { ...runner, folders: { ...folders, workspace: "/other" } };
    const moved = { ...build, project: { ...project, directory: "/other/www" } };
    expect(buildCaches(elsewhere, moved)).toEqual(buildCaches(runner, build));
  });

  it("have keys that the actions cache accepts", () => {
    for (const { prefix } of buildCaches(runner, mirage)) expect(prefix).toMatch(/^[^,]{1,400}$/);
  });
});

describe("the hash of the dependencies", () => {
  const files = [
    ["a.opam", 'depends: ["lwt"]'],
    ["dune-project", "(lang dune 3.0)"],
  ] as const;

  it("never changes between releases, which would invalidate every cache", () => {
    expect(dependenciesHash(files)).toBe("b64e997323ce0fa5");
  });

  it("does not depend on the order of the files", () => {
    expect(dependenciesHash([...files].reverse())).toBe(dependenciesHash(files));
  });

  it("changes with a file’s text or name", () => {
    const [first, second] = files;
    expect(dependenciesHash([first, [second[0], "(lang dune 3.1)"]])).not.toBe(dependenciesHash(files));
    expect(dependenciesHash([first, ["b/dune-project", second[1]]])).not.toBe(dependenciesHash(files));
  });
});

describe("dune’s cache", () => {
  const auto = (event?: string, ref?: string) => cachePolicy("auto", event, ref);
  const on = { DUNE_CACHE: "enabled", DUNE_CACHE_ROOT: "/cache", DUNE_CACHE_STORAGE_MODE: "copy" };

  it("is used in pushes and pull requests, and on a command line", () => {
    for (const event of ["push", "pull_request", undefined]) {
      expect(duneCacheUse({}, auto(event, "refs/heads/main"), "/cache")).toEqual({ environment: on });
    }
  });

  it.each([
    ["release", undefined],
    ["pull_request_target", undefined],
    ["workflow_run", undefined],
    ["push", "refs/tags/v1"],
    ["workflow_dispatch", "refs/tags/v1"],
  ])("is disabled, even dune’s default on the machine, for %s %s", (event, ref) => {
    const { environment, because } = duneCacheUse({}, auto(event, ref), "/cache");
    expect(environment).toEqual({ DUNE_CACHE: "disabled" });
    expect(because).toMatch(/^cache: auto disables caching/);
  });

  it("is turned off by `cache: false`, and filled by `read-only` for this job alone", () => {
    expect(duneCacheUse({}, cachePolicy("false", "push", undefined), "/cache").environment).toEqual({
      DUNE_CACHE: "disabled",
    });
    expect(duneCacheUse({}, cachePolicy("read-only", "push", undefined), "/cache").environment).toEqual(on);
  });

  it.each([{ DUNE_CACHE: "disabled" }, { DUNE_CACHE: "enabled" }, { DUNE_CACHE_ROOT: "/mine" }])(
    "is left to a caller who has set %o",
    (caller) => {
      const [name] = Object.keys(caller);
      const left = { environment: {}, because: `${name ?? ""} is already set` };
      expect(duneCacheUse(caller, auto("push"), "/cache")).toEqual(left);
      expect(duneCacheUse(caller, auto("release"), "/cache")).toEqual(left);
    },
  );

  it("is not used when the build brings its own toolchain", () => {
    expect(duneCacheUse({}, auto("push"), undefined)).toEqual({
      environment: {},
      because: "the build brings its own toolchain",
    });
    expect(duneCacheUse({}, auto("release"), undefined).environment).toEqual({ DUNE_CACHE: "disabled" });
  });
});
