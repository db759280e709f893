import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Context } from "../../../src/platform/host.js";
import { Problem } from "../../../src/platform/problem.js";
import type { Outcome, RunOptions } from "../../../src/platform/process/process.js";
import type { BuildRequest } from "../../../src/project/plans/request.js";
import type { BuildSystem, Project } from "../../../src/project/project.js";
import { targets } from "../../../src/targets/targets.js";
import type { Toolchain } from "../../../src/toolchain/toolchain.js";

/** A new folder with these files. */
export async function folderWith(files: Readonly<Record<string, string | Buffer>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "project-"));
  for (const [name, content] of Object.entries(files)) await put(join(folder, name), content);
  return folder;
}

export async function put(path: string, content: string | Buffer): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

/** A project whose files constrain no version. */
export function projectIn(directory: string, buildSystem: BuildSystem): Project {
  const folder = { directory, description: "", requirements: [] };
  return buildSystem === "mirage"
    ? { ...folder, buildSystem, configFile: "config.ml", lockFiles: [] }
    : { ...folder, buildSystem };
}

/** A request with default inputs, for an hvt image on x86_64. */
export function requestFor<Of extends Project>(project: Of): BuildRequest & { readonly project: Of } {
  return {
    project,
    target: targets.hvt,
    architecture: "x86_64",
    toolchain: toolchainFor("x86_64", "solo5"),
    configureArgs: [],
    buildCommand: undefined,
    installSystemPackages: true,
    lock: "auto",
    extraRepos: undefined,
    overlays: [],
    preConfigure: undefined,
    postPull: undefined,
    postBuild: undefined,
    image: undefined,
    findings: { duneWorkspace: undefined, duneFiles: [] },
    folder: "/state",
  };
}

export function toolchainFor(
  architecture: "x86_64" | "aarch64",
  findlibToolchain: string,
  path = "/tools/bin",
): Toolchain {
  return {
    spec: {
      backend: "solo5",
      architecture,
      hostArchitecture: "x86_64",
      hostSystem: "debian12",
      cCompiler: "12",
      versions: { ocaml: "5.4.1", solo5: "0.12.1", "ocaml-solo5": "1.3.3" },
      repositories: [],
      packages: [],
      pins: [],
      slim: true,
    },
    key: "key",
    path: "/tools",
    source: "built",
    origin: "built",
    environment: { path: [path], variables: { OPAMROOT: "/tools/opam" }, findlibToolchain },
  };
}

/** A context that runs processes with `run` and collects the log. */
export function fakeContext(
  state: string,
  run: (argv: readonly string[], options: RunOptions) => Promise<{ exitCode?: number; stdout?: string } | undefined>,
): Context & { readonly logged: string[] } {
  const logged: string[] = [];
  const log = (text: string) => void logged.push(text);
  return {
    logged,
    log: {
      group: (_, body) => body(),
      fact: (label, text) => log(`${label}: ${text}`),
      line: log,
      untrusted: (lines) => lines.forEach(log),
      notice: log,
      warning: log,
      error: log,
      annotate: (kind, { file, line }, text) => log(`${kind} at ${file}:${line}: ${text}`),
      debug: log,
    },
    processes: {
      run: async (argv, options = {}): Promise<Outcome> => {
        const { exitCode = 0, stdout = "" } = (await run(argv, options)) ?? {};
        return { argv, exitCode, stdout, stderr: "" };
      },
    },
    host: {
      architecture: "x86_64",
      cores: 2,
      isRoot: false,
      isGitHubActions: false,
      environment: { PATH: "/usr/bin:/bin", HOME: "/home/user" },
      folders: { toolCache: state, state, temporary: state, workspace: state },
    },
  };
}

export async function problemOf(body: Promise<unknown>): Promise<Problem> {
  try {
    await body;
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
