import { chmod, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type BuildInputs, buildProject } from "../../../src/project/build-project.js";
import { buildEnvironment } from "../../../src/project/environment.js";
import type { BuildSystem, Project } from "../../../src/project/project.js";
import * as image from "../image/build.js";
import { fakeContext, folderWith, problemOf, projectIn, put, toolchainFor } from "./fixtures.js";

const inputs: BuildInputs = {
  target: "hvt",
  arch: "x86_64",
  configureArgs: [],
  buildCommand: undefined,
  lock: "auto",
  extraRepos: undefined,
  duniverseOverlay: [],
  preConfigure: undefined,
  postPull: undefined,
  postBuild: undefined,
  image: undefined,
  installSystemPackages: true,
};
const hvt = image.solo5(1, 2);
const spt = image.solo5(2, 2);

/** A project in a new folder, and a toolchain whose programs exist but are never run. */
async function setUp(buildSystem: BuildSystem, files: Readonly<Record<string, string | Buffer>> = {}) {
  const folder = await folderWith(files);
  const bin = join(await folderWith({}), "bin");
  for (const name of ["mirage", "dune", "opam", "make"]) {
    await put(join(bin, name), "");
    await chmod(join(bin, name), 0o755);
  }
  const project = projectIn(folder, buildSystem);
  return { folder, project, bin, toolchain: toolchainFor("x86_64", "solo5", bin), state: await folderWith({}) };
}

describe("a build", () => {
  test("runs the toolchain’s programs in its environment and times each step", async () => {
    const { folder, project, bin, toolchain, state } = await setUp("mirage");
    const runs: { argv: readonly string[]; path: string | undefined; root: string | undefined }[] = [];
    const context = fakeContext(state, async (argv, { env }) => {
      runs.push({ argv, path: env?.["PATH"], root: env?.["OPAMROOT"] });
      if (argv.includes("build")) await put(join(folder, "dist/www.hvt"), hvt);
      return undefined;
    });
    const build = await buildProject(context, inputs, toolchain, project);
    expect(runs.map(({ argv }) => argv[0])).toEqual([join(bin, "mirage"), join(bin, "make"), join(bin, "make")]);
    expect(runs[0]).toMatchObject({ path: `${bin}:/usr/bin:/bin`, root: "/tools/opam" });
    expect(build.steps.map(({ name }) => name)).toEqual(["mirage configure -t hvt", "make depends", "make build"]);
    expect(build.images[0]).toMatchObject({ path: join(folder, "dist/www.hvt"), name: "www", bytes: hvt.length });
    expect(build.images[0].sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(context.logged.at(-1)).toBe(": Solo5 hvt (ABI 2), x86_64");
  });

  test("a step that fails shows its last lines and a command to repeat it", async () => {
    const { project, folder, toolchain, state } = await setUp("dune");
    const context = fakeContext(state, (_, { onLine }) => {
      for (let line = 1; line <= 900; line++) onLine?.(`line ${line}`);
      return Promise.resolve({ exitCode: 2 });
    });
    const problem = await problemOf(buildProject(context, inputs, toolchain, project));
    expect(problem.message).toMatch(/^dune build failed with status 2 after /);
    expect(problem.facts.evidence).toHaveLength(30);
    expect(problem.facts.evidence?.at(-1)).toBe("line 900");
    expect(problem.facts.again).toMatch(new RegExp(`^cd ${folder} && MODE=hvt dune build --root`));
    expect(context.logged).toHaveLength(900);
  });

  test("a missing program is named before anything runs", async () => {
    const { project, state } = await setUp("mirage");
    const context = fakeContext(state, () => Promise.reject(new Error("must not run")));
    const bare = { ...context, host: { ...context.host, environment: { PATH: "/nowhere" } } };
    const problem = await problemOf(buildProject(bare, inputs, undefined, project));
    expect(problem.message).toBe("mirage is not on PATH");
  });
});

describe("images", () => {
  test("mirage: the files with the target’s suffix, next to the configuration", async () => {
    const files = { "mirage/dist/a.hvt": hvt, "mirage/dist/b.hvt": hvt, "mirage/dist/a.spt": spt, "dist/c.hvt": hvt };
    const { project, toolchain, state, folder } = await setUp("mirage", files);
    const build = await buildProject(quiet(state), inputs, toolchain, {
      ...project,
      configFile: "mirage/config.ml",
    } as Project);
    expect(build.images.map(({ path }) => path)).toEqual(
      ["a", "b"].map((name) => join(folder, `mirage/dist/${name}.hvt`)),
    );
  });

  test("dune: the executables of the context that are for the target", async () => {
    const helper = image.elf({ segments: [{ type: 1, data: Buffer.alloc(8) }] });
    const files = { "_build/solo5/bin/www.exe": hvt, "_build/solo5/gen.exe": helper, "_build/default/www.exe": hvt };
    const { project, toolchain, state } = await setUp("dune", files);
    const build = await buildProject(quiet(state), inputs, toolchain, project);
    expect(build.images.map(({ name }) => name)).toEqual(["www"]);
  });

  test("an unstripped copy is the debug file of its image, and not an image", async () => {
    const files = {
      "_build/unikraft/a.exe": image.unikraft("qemu"),
      "_build/unikraft/a.exe.dbg": image.unikraft("qemu"),
    };
    const { project, toolchain, state, folder } = await setUp("dune", files);
    const build = await buildProject(quiet(state), { ...inputs, target: "unikraft-qemu" }, toolchain, project);
    expect(build.images).toHaveLength(1);
    expect(build.images[0].debugFile).toBe(join(folder, "_build/unikraft/a.exe.dbg"));
  });

  test("opam: copies of the programs that opam lists for the project’s packages, and of no others", async () => {
    const { project, toolchain, state, folder } = await setUp("opam", {
      "www.opam": "",
      "switch/bin/www.hvt": hvt,
      "switch/bin/other": hvt,
    });
    const context = fakeContext(state, (argv) => {
      const stdout = argv.includes("show") ? `${folder}/switch/lib/www/META\n${folder}/switch/bin/www.hvt\n` : "";
      return Promise.resolve({ stdout });
    });
    const build = await buildProject(context, inputs, { ...toolchain, path: join(state, "toolchain") }, project);
    expect(build.images.map(({ name }) => name)).toEqual(["www"]);
    expect(build.images[0].path.startsWith(join(state, "build"))).toBe(true);
  });

  test("command: the files in OUT, which was emptied before", async () => {
    const { project, toolchain, state } = await setUp("command");
    const leave = (name: string) =>
      fakeContext(state, async (_, { env }) => {
        await put(join(env?.["OUT"] ?? "", name), hvt);
        return undefined;
      });
    const request = { ...inputs, buildCommand: "make" };
    await buildProject(leave("first"), request, toolchain, project);
    const build = await buildProject(leave("deep/second"), request, toolchain, project);
    expect(build.images.map(({ name }) => name)).toEqual(["second"]);
    expect((await stat(build.images[0].path)).isFile()).toBe(true);
  });

  test("the glob of the input `image` replaces the build system’s usual place", async () => {
    const { project, toolchain, state } = await setUp("dune", { "out/www.bin": hvt, "_build/solo5/a.exe": hvt });
    const build = await buildProject(quiet(state), { ...inputs, image: "out/*.bin" }, toolchain, project);
    expect(build.images.map(({ name }) => name)).toEqual(["www.bin"]);
  });

  test("no image: the error shows where it looked, and what each file is", async () => {
    const files = {
      "_build/solo5/www.exe": spt,
      "_build/solo5/gen.exe": "",
      "_build/solo5/host.exe": image.elf({ type: 1 }),
    };
    const { project, toolchain, state, folder } = await setUp("dune", files);
    const problem = await problemOf(buildProject(quiet(state), inputs, toolchain, project));
    expect(problem.message).toBe("the build left no image for hvt on x86_64");
    expect(problem.facts.found).toEqual([
      "gen.exe: empty",
      "host.exe: an object file, not linked yet",
      "www.exe: a Solo5 spt image for x86_64",
    ]);
    expect(problem.facts.because).toBe(`looked for ${folder}/_build/solo5/**/*.exe`);
  });

  test("an executable without marks: the error names the target’s link option", async () => {
    const files = { "_build/solo5/www.exe": image.elf({ segments: [{ type: 1, data: Buffer.alloc(8) }] }) };
    const { project, toolchain, state } = await setUp("dune", files);
    const problem = await problemOf(buildProject(quiet(state), inputs, toolchain, project));
    expect(problem.toString()).toContain('link with `-cclib "-z solo5-abi=hvt"`');
  });
});

test("variables of an outer make never reach a build; variables of another OCaml do without a toolchain", () => {
  const caller = {
    PATH: "/bin",
    OCAMLFIND_CONF: "/x",
    DUNE_WORKSPACE: "/y",
    MAKEFLAGS: "-j",
    OPAMJOBS: "3",
    NONE: undefined,
  };
  const environment = { path: ["/t/bin"], variables: { OPAMROOT: "/t" } };
  expect(buildEnvironment(caller, { environment })).toEqual({ PATH: "/t/bin:/bin", OPAMJOBS: "3", OPAMROOT: "/t" });
  expect(buildEnvironment(caller, undefined)).toEqual({
    PATH: "/bin",
    OPAMJOBS: "3",
    OCAMLFIND_CONF: "/x",
    DUNE_WORKSPACE: "/y",
  });
});

test.each([undefined, { environment: { path: [], variables: {} } }])(
  "what the runner gave to us alone does not reach a build",
  (toolchain) => {
    const caller = {
      PATH: "/bin",
      ACTIONS_RUNTIME_TOKEN: "secret",
      "INPUT_GITHUB-TOKEN": "secret",
      GITHUB_OUTPUT: "/o",
      GITHUB_SHA: "1",
    };
    expect(buildEnvironment(caller, toolchain)).toEqual({ PATH: "/bin", GITHUB_SHA: "1" });
  },
);

function quiet(state: string) {
  return fakeContext(state, () => Promise.resolve(undefined));
}
