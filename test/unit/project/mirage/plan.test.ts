import { describe, expect, test } from "vitest";
import { planBuild } from "../../../../src/project/build-plan.js";
import { type Configured, configuredDependencies, namesInMakefile } from "../../../../src/project/mirage/configured.js";
import { readLock } from "../../../../src/project/mirage/lock-file.js";
import { planAfterConfigure } from "../../../../src/project/plans/mirage.js";
import type { MirageBuildRequest } from "../../../../src/project/plans/request.js";
import type { MirageProject } from "../../../../src/project/project.js";
import { targetNames, targets } from "../../../../src/targets/targets.js";
import { parseOpamFile } from "../../../../src/toolchain/opam/file.js";
import { problemOf } from "../../../problem.js";
import { requestFor, toolchainFor } from "../fixtures.js";

const mirage: MirageProject = {
  buildSystem: "mirage",
  directory: "/p",
  description: "",
  configFile: "config.ml",
  requirements: [],
  lockFiles: [],
};
const request = (changes: Partial<MirageBuildRequest> = {}): MirageBuildRequest => ({
  ...requestFor(mirage),
  ...changes,
});
const configured = (changes: Partial<Configured> = {}): Configured => ({
  lockFile: "mirage/www-hvt.opam.locked",
  lock: undefined,
  dependencies: configuredDependencies(
    parseOpamFile(
      `depends: [ "lwt" {?monorepo} "crunch" {build & >= "2.0"}
        "solo5" {build & < "0.13.0"} "ocaml-solo5" {build} "mirage" {build} ]`,
    ),
  ),
  ofSwitch: ["mirage", "ocaml-solo5", "solo5", "crunch"],
  duniverse: "duniverse",
  ...changes,
});
const lock = readLock(
  `depends: [ "ocaml" {= "5.4.1"} "lwt" {= "6.1.2" & ?vendor} "crunch" {= "2.1"}
    "solo5" {= "0.12.1"} "ocaml-solo5" {= "1.3.3"} "mirage" {= "4.11.1"} ]`,
);
const argv = (changes: Partial<MirageBuildRequest>) =>
  planBuild(request(changes)).steps.map((step) => step.argv.join(" "));
const after = (changes: Partial<MirageBuildRequest> = {}, written: Configured | undefined = configured()) =>
  planAfterConfigure(request(changes), written).steps.map((step) =>
    "overlay" in step ? step.name : step.argv.join(" "),
  );

describe("up to the configuration", () => {
  test("mirage configure runs in the project’s folder, without questions", () => {
    const { steps } = planBuild(request());
    expect(steps.map((step) => step.argv)).toEqual([["mirage", "configure", "-t", "hvt"]]);
    expect(steps[0]).toMatchObject({ cwd: "/p", env: { OPAMYES: "1", OPAMCONFIRMLEVEL: "unsafe-yes" } });
  });

  test("every target has the name that mirage uses", () => {
    expect(targetNames.map((name) => argv({ target: targets[name] })[0]?.split(" ").at(-1))).toEqual([...targetNames]);
  });

  test("configuration file and arguments are passed on", () => {
    const project = { ...mirage, configFile: "mirage/config.ml" };
    const [configure] = argv({
      project,
      configureArgs: ["--no-dhcp", "--host", "a b"],
      target: targets["unikraft-qemu"],
    });
    expect(configure).toBe("mirage configure -t unikraft-qemu -f mirage/config.ml --no-dhcp --host a b");
  });

  test("overlay repositories are one argument, or disabled", () => {
    const extraRepos = [
      { name: "overlays", url: "git+https://example.org/overlays#0123" },
      { name: "mine", url: "file:///mirror" },
    ];
    expect(argv({ extraRepos })[0]).toBe(
      "mirage configure -t hvt --extra-repos overlays:git+https://example.org/overlays#0123,mine:file:///mirror",
    );
    expect(argv({ extraRepos: [] })[0]).toBe("mirage configure -t hvt --no-extra-repo");
  });

  test("no system package is installed where that is not allowed: opam-monorepo needs an option for that", () => {
    const [configure] = planBuild(request({ installSystemPackages: false })).steps;
    expect(configure?.argv).toContain("--no-depext");
    expect(configure?.env).toMatchObject({ OPAMNODEPEXTS: "1" });
  });

  test("a hook is a shell command that stops at the first failure, with variables for target and architecture", () => {
    const [hook, configure] = planBuild(request({ preConfigure: "./prepare.sh", architecture: "aarch64" })).steps;
    expect(hook).toMatchObject({
      name: "pre-configure",
      argv: ["sh", "-e", "-c", "./prepare.sh"],
      cwd: "/p",
      env: { TARGET: "hvt", ARCH: "aarch64" },
    });
    expect(configure?.argv[0]).toBe("mirage");
  });
});

describe("after the configuration", () => {
  test("make is given targets by name", () => {
    expect(after()).toEqual(["make depends", "make build"]);
  });

  test("a project with its own Makefile has the same targets", () => {
    expect(planAfterConfigure(request(), undefined).steps.map(({ name }) => name)).toEqual([
      "make depends",
      "make build",
    ]);
  });

  test("a committed lock that matches is not regenerated", () => {
    expect(after({}, configured({ lock }))).toEqual([
      "touch -- mirage/www-hvt.opam.locked",
      "make install-switch",
      "make pull",
      "make build",
    ]);
    expect(after({ lock: "require" }, configured({ lock }))).toContain("make install-switch");
    expect(after({ lock: "ignore" }, configured({ lock }))).toEqual(["make depends", "make build"]);
  });

  test("a stale lock is regenerated, with the reason", () => {
    const other = readLock('depends: [ "ocaml" {= "4.14.2"} "crunch" {= "1.9"} ]');
    const stale = configured({ lock: { ...lock, packages: new Map([...lock.packages, ...other.packages]) } });
    const plan = planAfterConfigure(request(), stale);
    expect(plan.steps.map(({ name }) => name)).toEqual(["make depends", "make build"]);
    expect(plan.notices).toEqual([
      "mirage/www-hvt.opam.locked is stale and is regenerated: " +
        "ocaml: locked 4.14.2, the toolchain has 5.4.1; crunch: locked 1.9, the project needs >= 2.0",
    ]);
    const problem = problemOf(() => planAfterConfigure(request({ lock: "require" }), stale));
    expect(problem.message).toBe("input lock: require, but mirage/www-hvt.opam.locked is stale");
    expect(problem.facts.found).toEqual([
      "ocaml: locked 4.14.2, the toolchain has 5.4.1",
      "crunch: locked 1.9, the project needs >= 2.0",
    ]);
  });

  test("a missing lock that is required is an error before anything runs", () => {
    const project = { ...mirage, lockFiles: [{ path: "mirage/www-spt.opam.locked", versions: {} }] };
    const problem = problemOf(() => planBuild(request({ project, lock: "require" })));
    expect(problem.message).toBe("input lock: require, but there is no lock file for hvt");
    expect(problem.facts).toMatchObject({
      found: ["mirage/www-spt.opam.locked"],
      because: "looked for mirage/*-hvt.opam.locked next to config.ml",
    });
  });

  test("a lock with another unikernel’s name does not count", () => {
    const project = { ...mirage, lockFiles: [{ path: "mirage/old-hvt.opam.locked", versions: {} }] };
    expect(
      problemOf(() => planAfterConfigure(request({ project, lock: "require" }), configured())).facts,
    ).toMatchObject({
      found: ["mirage/old-hvt.opam.locked"],
      because: "looked for mirage/www-hvt.opam.locked",
    });
  });

  test("overlays and the hook `post-pull` come between pulling and building", () => {
    const overlays = [{ name: "lwt", path: "../lwt" }];
    expect(after({ overlays, postPull: "patch -p1 < a.patch" })).toEqual([
      "make depends",
      "duniverse-overlay lwt",
      "sh -e -c patch -p1 < a.patch",
      "make build",
    ]);
  });
});

describe("aarch64 on an x86_64 machine", () => {
  const toolchain = toolchainFor("aarch64", "solo5");
  const cross = { architecture: "aarch64", toolchain } as const;
  const install = "opam install --yes crunch>=2.0 mirage";

  test("the project’s packages for the switch are installed, except compilers for this machine", () => {
    expect(after(cross)).toEqual(["make lock", install, "make pull", "make build"]);
    expect(after(cross, configured({ lock }))).toEqual([
      "touch -- mirage/www-hvt.opam.locked",
      install,
      "make pull",
      "make build",
    ]);
  });

  test("Unikraft’s compilers for both architectures can be installed together", () => {
    expect(after({ ...cross, target: targets["unikraft-qemu"] })).toEqual(["make depends", "make build"]);
  });

  test("an aarch64 machine needs none of this", () => {
    const native = { ...cross.toolchain, spec: { ...cross.toolchain.spec, hostArchitecture: "aarch64" as const } };
    expect(after({ ...cross, toolchain: native })).toEqual(["make depends", "make build"]);
  });
});

test("the names in a generated Makefile", () => {
  const makefile = (build: string) =>
    `-include Makefile.user\nBUILD_DIR = ${build}\nMIRAGE_DIR = ${build}mirage\nUNIKERNEL_NAME = www-hvt\n`;
  expect(namesInMakefile(makefile("./"))).toEqual({ stem: "mirage/www-hvt", duniverse: "duniverse" });
  expect(namesInMakefile(makefile("unikernel/"))).toEqual({
    stem: "unikernel/mirage/www-hvt",
    duniverse: "unikernel/duniverse",
  });
  expect(namesInMakefile("all:\n\tdune build\n")).toBeUndefined();
});
