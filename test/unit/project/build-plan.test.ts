import { describe, expect, test } from "vitest";
import { planBuild } from "../../../src/project/build-plan.js";
import type { BuildRequest } from "../../../src/project/plans/request.js";
import type { Project } from "../../../src/project/project.js";
import { targets } from "../../../src/targets/targets.js";
import { projectIn, requestFor, toolchainFor } from "./fixtures.js";

const request = (changes: Partial<BuildRequest>): BuildRequest => ({
  ...requestFor<Project>(projectIn("/p", "mirage")),
  ...changes,
});
const [dune, opam, command] = (["dune", "opam", "command"] as const).map((buildSystem) =>
  projectIn("/p", buildSystem),
) as [Project, Project, Project];
const commands = (changes: Partial<BuildRequest>) =>
  planBuild(request(changes)).steps.map(({ argv }) => argv.join(" "));

describe("dune", () => {
  const generated = [
    "(lang dune 3.0)",
    "(context default)",
    "(context",
    " (default",
    "  (name solo5)",
    "  (toolchain solo5)",
    "  (host default)",
    "  (disable_dynamically_linked_foreign_archives true)))",
    "",
  ].join("\n");

  test("without a workspace: one with the target’s context, outside the project", () => {
    const plan = planBuild(request({ project: dune, target: targets.spt }));
    expect(plan.files).toEqual([{ path: "/state/dune-workspace", text: generated }]);
    expect(plan.steps).toEqual([
      {
        name: "dune build",
        argv: [
          ...["dune", "build", "--root", ".", "--profile", "release"],
          ...["--workspace", "/state/dune-workspace", "@_build/solo5/default"],
        ],
        cwd: "/p",
        env: { MODE: "spt" },
        advice: [expect.anything()],
      },
    ]);
    expect(plan.images).toEqual({ folder: "/p/_build/solo5", pattern: "**/*.exe" });
  });

  test("a workspace of the project that has the context is used unchanged", () => {
    const duneWorkspace = "(lang dune 2.0)\n(context (default))\n(context (default (name solo5) (toolchain solo5)))";
    const plan = planBuild(request({ project: dune, findings: { duneWorkspace, duneFiles: [] } }));
    expect(plan.files).toEqual([]);
    expect(plan.steps[0]?.argv).not.toContain("--workspace");
  });

  test("a workspace of the project without the context is extended", () => {
    const duneWorkspace = "(lang dune 3.5)\n(profile release)\n; (name solo5)\n";
    const [file] = planBuild(request({ project: dune, findings: { duneWorkspace, duneFiles: [] } })).files;
    expect(file?.text).toMatch(
      /^\(lang dune 3\.5\)\n\(profile release\)[^]*\(context default\)\n\(context\n \(default\n {2}\(name solo5\)/,
    );
  });

  test("contexts of the project are kept, and no second default is added", () => {
    const duneWorkspace = "(lang dune 3.5)\n(context (default (profile dev)))";
    const [file] = planBuild(request({ project: dune, findings: { duneWorkspace, duneFiles: [] } })).files;
    expect(file?.text).not.toContain("(context default)");
    expect(file?.text).toContain("(name solo5)");
  });

  test.each([
    ["targets of the default context", "(context (default (targets native solo5)))", "default.solo5"],
    ["targets of a named context", "(context (default (name ci) (targets solo5)))", "ci.solo5"],
    ["another name", '(context (default (name "mine") (toolchain solo5) (host default)))', "mine"],
    ["no name", "(context (default (toolchain solo5)))", "default"],
  ])("a context of the project that has the toolchain is used: %s", (_, context, name) => {
    const findings = { lockFiles: [], duneWorkspace: `(lang dune 3.0)\n${context}`, duneFiles: [] };
    const plan = planBuild(request({ project: dune, findings }));
    expect(plan).toMatchObject({ files: [], images: { folder: `/p/_build/${name}` } });
    expect(plan.steps[0]?.argv.slice(-1)).toEqual([`@_build/${name}/default`]);
  });

  test("a context that is commented out does not count", () => {
    const duneWorkspace =
      "(lang dune 3.0)\n#; (context (default (name solo5)))\n#| (context (default (targets solo5))) |#";
    const plan = planBuild(request({ project: dune, findings: { duneWorkspace, duneFiles: [] } }));
    expect(plan.files).toHaveLength(1);
  });

  test("dune files that mention the context of `dune build -x` are built in it", () => {
    const duneFiles = ['(executable (name www) (enabled_if (= %{context_name} "default.solo5")))'];
    const plan = planBuild(request({ project: dune, findings: { duneWorkspace: undefined, duneFiles } }));
    expect(plan).toMatchObject({ files: [], images: { folder: "/p/_build/default.solo5" } });
    expect(plan.steps[0]?.argv.slice(-3)).toEqual(["-x", "solo5", "@_build/default.solo5/default"]);
    const other = planBuild(
      request({ project: dune, findings: { duneWorkspace: undefined, duneFiles: ["default.solo5x"] } }),
    );
    expect(other.images.folder).toBe("/p/_build/solo5");
  });

  test("the context has the toolchain of the architecture, and keeps the backend’s name", () => {
    const target = targets["unikraft-firecracker"];
    const plan = planBuild(request({ project: dune, target, toolchain: toolchainFor("aarch64", "unikraft_arm64") }));
    expect(plan.files[0]?.text).toMatch(/\(name unikraft\)\n {2}\(toolchain unikraft_arm64\)/);
    expect(plan.steps[0]?.env).toEqual({ UNIKRAFTBACKEND: "firecracker" });
  });

  test.each([
    ["_build/solo5/src/hello.exe", "_build/solo5/src/hello.exe"],
    ["./_build/solo5/hello.exe", "_build/solo5/hello.exe"],
    ["_build/solo5/*.exe", "@_build/solo5/default"],
    ["_build/solo5/{a,b}.exe", "@_build/solo5/default"],
    ["_build/other/hello.exe", "@_build/solo5/default"],
    ["_build/solo5/../hello.exe", "@_build/solo5/default"],
    ["dist/hello.spt", "@_build/solo5/default"],
  ])("`image: %s` builds %s", (image, built) => {
    expect(planBuild(request({ project: dune, image })).steps[0]?.argv.at(-1)).toBe(built);
  });

  test("with a hook after the build, which may make the image, everything is built", () => {
    const { steps } = planBuild(request({ project: dune, image: "_build/solo5/hello.spt", postBuild: "make stamp" }));
    expect(steps[0]?.argv.at(-1)).toBe("@_build/solo5/default");
  });

  test("a failure for lack of the compiler’s native libraries says how to build without the ppx", () => {
    const [advice] = planBuild(request({ project: dune })).steps[0]?.advice ?? [];
    expect(advice?.when.test("/t//opam/toolchain/solo5-sysroot/lib/ocaml/compiler-libs/ocamlcommon.cmxa")).toBe(true);
    expect(advice?.when.test("-> required by compiler-libs.common")).toBe(false);
    expect(advice?.say).toContainEqual(expect.stringContaining("`image: _build/solo5/NAME.exe`"));
  });

  test("a host process is built in the default context", () => {
    const plan = planBuild(request({ project: dune, target: targets.unix, toolchain: undefined }));
    expect(plan.files).toEqual([]);
    expect(plan.steps[0]?.argv.at(-1)).toBe("@_build/default/default");
  });
});

test("opam installs the project’s packages", () => {
  expect(commands({ project: opam })).toEqual(["opam install --yes --working-dir ."]);
  expect(planBuild(request({ project: opam }))).toMatchObject({
    emptyFolders: ["/state/out"],
    images: { folder: "/state/out", pattern: "**" },
  });
});

test("a build command runs in a shell that stops at the first failure, with variables for what to build", () => {
  const plan = planBuild(
    request({ project: command, buildCommand: "make image", architecture: "aarch64", configureArgs: ["--a", "b c"] }),
  );
  expect(plan.emptyFolders).toEqual(["/state/out"]);
  expect(plan.steps[0]?.argv).toEqual(["sh", "-e", "-c", "make image"]);
  expect(plan.steps[0]?.env).toEqual({
    MODE: "hvt",
    TARGET: "hvt",
    ARCH: "aarch64",
    CONFIGURE_ARGS: "--a 'b c'",
    OUT: "/state/out",
  });
});

test("a hook has the variables of a build command, and OUT only if images are looked for there", () => {
  const hookOf = (project: Project) =>
    planBuild(request({ project, preConfigure: "true", configureArgs: ["--a"] })).steps[0]?.env;
  expect(hookOf(opam)).toMatchObject({ TARGET: "hvt", ARCH: "x86_64", CONFIGURE_ARGS: "--a", OUT: "/state/out" });
  expect(hookOf(dune)).toMatchObject({ CONFIGURE_ARGS: "--a" });
  expect(hookOf(dune)).not.toHaveProperty("OUT");
});

test("unused arguments are refused: they would name an artifact with the same image", () => {
  const problem = () => planBuild(request({ project: dune, configureArgs: ["--a"] }));
  expect(problem).toThrow("input configure-args: the project is built by dune, which does not use it");
  expect(() => planBuild(request({ project: dune, configureArgs: ["--a"], postBuild: "true" }))).not.toThrow();
});

test("`pre-configure` works with every build system; an input only for mirage is refused elsewhere", () => {
  expect(commands({ project: dune, preConfigure: "./generate.sh" })[0]).toBe("sh -e -c ./generate.sh");
  for (const [input, changes] of Object.entries({
    "post-pull": { postPull: "true" },
    "duniverse-overlay": { overlays: [{ name: "a", path: "b" }] },
    "extra-repos": { extraRepos: [] },
  })) {
    expect(() => planBuild(request({ project: dune, ...changes }))).toThrow(
      `input ${input}: the project is built by dune`,
    );
  }
});

test("`build-system: command` needs a build command", () => {
  expect(() => planBuild(request({ project: command }))).toThrow("`build-system: command` needs a command");
});

test("`lock: require` needs a committed lock of `opam lock` where mirage makes none", () => {
  const lockFiles = [{ path: "www.opam.locked", versions: {}, isForAllTargets: true }] as const;
  expect(() => planBuild(request({ project: dune, lock: "require" }))).toThrow(
    "input lock: require, but there is no lock file",
  );
  expect(() => planBuild(request({ project: { ...dune, lockFiles }, lock: "require" }))).not.toThrow();
});
