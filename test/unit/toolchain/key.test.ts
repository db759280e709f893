import { afterEach, describe, expect, it, vi } from "vitest";
import { readInputs, withTarget, type InputName } from "../../../src/actions/interface.js";
import { inspectHost } from "../../../src/platform/host.js";
import type { Processes } from "../../../src/platform/process/process.js";
import { hostSystemOf, readCompilerVersion, readHostSystem } from "../../../src/platform/system.js";
import { keyComponents, toolchainKey } from "../../../src/toolchain/key.js";
import { planToolchain } from "../../../src/toolchain/spec.js";
import type { ToolchainSpec } from "../../../src/toolchain/toolchain.js";
import { exampleSpec } from "./examples.js";

describe("the key of a toolchain", () => {
  it("stays the same from release to release: otherwise every cache is lost", () => {
    expect(toolchainKey(exampleSpec)).toBe("unikernel-ci-5-solo5-x86_64-5.5.0-a44b2e0779594143");
  });

  it("is accepted by the actions cache", () => {
    const packages = Array.from({ length: 500 }, (_, index) => `package-${index},with-a-comma`);
    const key = toolchainKey({ ...exampleSpec, packages });
    expect(key.length).toBeLessThanOrEqual(512);
    expect(key).not.toContain(",");
  });

  it("does not depend on the order of the versions", () => {
    const versions = { solo5: "0.12.1", mirage: "4.11.2", "ocaml-solo5": "1.3.4", ocaml: "5.5.0" };
    expect(toolchainKey({ ...exampleSpec, versions })).toBe(toolchainKey(exampleSpec));
  });

  const repository = { name: "default", url: "https://opam.ocaml.org" };
  const other = { name: "other", url: "https://example.org" };
  const pin = { package: "mirage", url: "git+https://github.com/mirage/mirage#main" };
  /** Every way in which a spec can change. */
  const changes: Readonly<{ [Field in keyof ToolchainSpec]-?: readonly ToolchainSpec[Field][] }> = {
    backend: ["unikraft", "host"],
    architecture: ["aarch64"],
    hostArchitecture: ["aarch64"],
    hostSystem: ["ubuntu 26.04", "debian 24.04"],
    cCompiler: ["gcc 13.3.1", "aarch64-linux-gnu-gcc 13.3.0"],
    versions: [
      ...Object.keys(exampleSpec.versions).map((name) => ({ ...exampleSpec.versions, [name]: "9.9.9" })),
      { ...exampleSpec.versions, "ocaml-unikraft": "1.2.0" },
      { ocaml: "5.5.0", "ocaml-solo5": "1.3.4", solo5: "0.12.1" },
    ],
    repositories: [
      [{ ...repository, url: "git+https://github.com/ocaml/opam-repository#97014be6" }],
      [{ ...repository, name: "mine" }],
      [repository, other],
      [other, repository],
    ],
    packages: [[...exampleSpec.packages, "ocaml-option-flambda"], exampleSpec.packages.slice(1)],
    pins: [
      [pin],
      [{ ...pin, url: "git+https://github.com/mirage/mirage#4.11" }],
      [{ ...pin, package: "mirage-runtime" }],
    ],
    slim: [false],
    cFlags: [["-O3"], ["-O3", "-g"]],
  };
  it("differs for each change of a component, and no two are the same", () => {
    const changed = Object.entries(changes).flatMap(([field, values]) =>
      values.map((value) => toolchainKey({ ...exampleSpec, [field]: value })),
    );
    const keys = [toolchainKey(exampleSpec), ...changed];
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("differs when the content of a repository on this machine does", () => {
    const keyWith = (content?: string) =>
      toolchainKey({
        ...exampleSpec,
        repositories: [{ name: "mine", url: "file:///opt/repository", ...(content === undefined ? {} : { content }) }],
      });
    expect(new Set([keyWith(), keyWith("a"), keyWith("b")]).size).toBe(3);
  });

  it("prints every component", () => {
    expect(keyComponents(exampleSpec)).toEqual([
      ["format", "5"],
      ["target", "solo5 x86_64"],
      ["host", "ubuntu 24.04 x86_64"],
      ["C compiler", "gcc 13.3.0"],
      ["versions", "mirage 4.11.2 ocaml 5.5.0 ocaml-solo5 1.3.4 solo5 0.12.1"],
      ["repositories", "default=https://opam.ocaml.org"],
      ["packages", "ocaml-base-compiler.5.5.0 dune ocamlfind solo5.0.12.1 ocaml-solo5.1.3.4 mirage.4.11.2"],
      ["pins", ""],
      ["slim", "true"],
      ["built on", "unikernel-ci-5-solo5-x86_64-5.5.0-41f3055ea5c48dbb"],
    ]);
  });
});

describe("the key for the inputs on this machine", () => {
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.useRealTimers();
  });

  const keyOf = async (given: Partial<Record<InputName, string>>): Promise<string> => {
    const project = { buildSystem: "dune", directory: "/project", description: "dune" } as const;
    const plan = planToolchain(withTarget(readInputs((name) => given[name])), project, inspectHost("linux", "x64"));
    return toolchainKey({
      ...plan,
      hostSystem: await readHostSystem(),
      cCompiler: await readCompilerVersion(processes, "gcc"),
    });
  };
  const processes: Processes = {
    run: (argv) => Promise.resolve({ argv, exitCode: 0, stdout: "13.3.0\n", stderr: "" }),
  };

  it("is the same at another time, for another user, in another folder, and with other packages", async () => {
    const here = await keyOf({});
    vi.useFakeTimers({ now: new Date("2031-12-31T23:59:59Z"), toFake: ["Date"] });
    const surroundings = {
      HOME: "/home/other",
      USER: "other",
      PATH: "/opt/other/bin:/usr/bin:/bin",
      LANG: "tr_TR.UTF-8",
      TZ: "Asia/Tokyo",
    };
    const runner = {
      RUNNER_TEMP: "/temp",
      RUNNER_TOOL_CACHE: "/tools",
      GITHUB_WORKSPACE: "/elsewhere",
      GITHUB_SHA: "f00",
      GITHUB_RUN_ID: "7",
      ImageVersion: "20991231.1",
    };
    for (const [name, value] of Object.entries({ ...surroundings, ...runner })) vi.stubEnv(name, value);
    expect(await keyOf({})).toBe(here);
  });

  it("is the same for any order of packages and pins, and for a repeated package", async () => {
    const one = {
      "opam-packages": "lwt.5.9.1 cmdliner",
      "opam-pins": "mirage https://a.example\nhttpaf https://b.example",
    };
    const another = {
      "opam-packages": "cmdliner lwt.5.9.1 cmdliner",
      "opam-pins": "httpaf https://b.example\nmirage https://a.example",
    };
    expect(await keyOf(another)).toBe(await keyOf(one));
  });

  it("differs for another order of the repositories, of which the first wins", async () => {
    const [one, two] = ["a: https://a.example", "b: https://b.example"];
    expect(await keyOf({ "opam-repositories": `${one}\n${two}` })).not.toBe(
      await keyOf({ "opam-repositories": `${two}\n${one}` }),
    );
  });

  it("has only the name and release of the system: a point release or a newer image has the same", () => {
    const release = (version: string) =>
      `NAME="Ubuntu"\nVERSION="${version}"\nID=ubuntu\nVERSION_ID="24.04"\nPRETTY_NAME="Ubuntu ${version}"\n`;
    expect(hostSystemOf(release("24.04.3 LTS"))).toBe(hostSystemOf(release("24.04.4 LTS")));
  });
});
