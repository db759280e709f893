import { Problem } from "../platform/problem.js";
import type { Architecture } from "../targets/architecture.js";
import type { Component } from "../targets/constraint.js";
import type { Backend, Target } from "../targets/targets.js";
import type { OpamPin, ToolchainSpec, ToolchainVersions } from "./toolchain.js";

/** How to build a toolchain for one architecture on machines of another, or the same. */
export interface Recipe {
  /** opam packages besides OCaml and its tools; `{…}` is replaced by that component's version. */
  readonly opam: readonly string[];
  /** The C compiler that the toolchain calls: its version is part of the key. */
  readonly cCompiler: string;
  /** Debian packages that each use of the toolchain needs. */
  readonly systemToUse: readonly string[];
  /** Debian packages that only its build needs. */
  readonly systemToBuild: readonly string[];
  /** The longest path, in bytes, of a folder in which its packages build; absent: any. */
  readonly longestBuildFolder?: number;
  /** Its name for ocamlfind and dune. */
  readonly findlib?: string;
  /** The C files that link an OCaml program into an image: see smoke-test.ts. */
  readonly start: "solo5" | "main" | "none";
  /** The host's VMMs cannot run its images: tenders.ts builds static tenders for the image's architecture. */
  readonly staticTenders?: true;
}

const native = { cCompiler: "gcc", systemToUse: ["gcc", "libc6-dev", "make", "zstd"] } as const;
const crossToArm = {
  cCompiler: "aarch64-linux-gnu-gcc",
  systemToUse: [...native.systemToUse, "gcc-aarch64-linux-gnu"],
} as const;

const solo5 = { systemToBuild: ["libseccomp-dev", "linux-libc-dev"], findlib: "solo5", start: "solo5" } as const;
const solo5Native: Recipe = { ...solo5, ...native, opam: ["solo5.{solo5}", "ocaml-solo5.{ocaml-solo5}"] };

/**
 * Unikraft's Kconfig keeps 255 bytes of a shell's output (`do_shell` in support/kconfig/preprocess.c) and ignores a
 * file whose path it has cut: half of the configuration is then missing, and the build fails with an incomplete type.
 * The longest file that its Config.uk and drivers/Config.uk read below the build folder is
 * `/NAME.1.2.0-0.20.0/_build/lib/NAME/kconfig/drivers-intctlr.uk`, 135 bytes for the package
 * ocaml-unikraft-backend-firecracker-x86_64. 8 bytes are spare for longer versions. Linux before 8a4c5b2a6d8e did the
 * same (https://github.com/unikraft/unikraft/issues/1588).
 */
const kconfigBuildFolder = 255 - 135 - 8;

/**
 * With the backends of QEMU and Firecracker: one toolchain serves both targets.
 *
 * @param word opam's name of the architecture.
 */
const unikraft = (word: "x86_64" | "arm64", compiler: Pick<Recipe, "cCompiler" | "systemToUse">): Recipe => ({
  cCompiler: compiler.cCompiler,
  systemToUse: [...compiler.systemToUse, "python3"],
  systemToBuild: ["bison", "flex"],
  longestBuildFolder: kconfigBuildFolder,
  findlib: "unikraft",
  start: "main",
  opam: [
    "ocaml-unikraft.{ocaml-unikraft}",
    `ocaml-unikraft-default-${word}.{ocaml-unikraft}`,
    // By architecture too: otherwise the solver may choose the backend of another architecture.
    ...["qemu", "firecracker"].flatMap((backend) => [
      `ocaml-unikraft-backend-${backend}`,
      `ocaml-unikraft-backend-${backend}-${word}`,
    ]),
  ],
});

const host: Recipe = { ...native, opam: [], systemToBuild: [], start: "none" };

type ByArchitecture = Readonly<Partial<Record<Architecture, Recipe>>>;

/** By backend, architecture of the host, architecture of the image. Absent: not packaged. */
const recipes: Readonly<Record<Backend, Readonly<Record<Architecture, ByArchitecture>>>> = {
  solo5: {
    x86_64: {
      x86_64: solo5Native,
      aarch64: {
        ...solo5,
        ...crossToArm,
        opam: ["solo5.{solo5}", "solo5-cross-aarch64.{solo5}", "ocaml-solo5-cross-aarch64.{ocaml-solo5}"],
        systemToBuild: [...solo5.systemToBuild, "libc6-dev-arm64-cross"],
        staticTenders: true,
      },
    },
    aarch64: { aarch64: solo5Native },
  },
  unikraft: {
    x86_64: { x86_64: unikraft("x86_64", native), aarch64: unikraft("arm64", crossToArm) },
    aarch64: {
      aarch64: unikraft("arm64", native),
      x86_64: unikraft("x86_64", {
        cCompiler: "x86_64-linux-gnu-gcc",
        systemToUse: [...native.systemToUse, "gcc-x86-64-linux-gnu"],
      }),
    },
  },
  host: { x86_64: { x86_64: host }, aarch64: { aarch64: host } },
};

/** Debian packages of programs that opam itself calls. */
export const opamTools = [
  "git",
  "patch",
  "unzip",
  "bzip2",
  "xz-utils",
  "m4",
  "rsync",
  "pkg-config",
  "curl",
  "ca-certificates",
];

type Place = Pick<ToolchainSpec, "backend" | "architecture" | "hostArchitecture">;

/** The name in an argument of `opam install`: `dune` of `dune.3.20` and of `dune>=3`. */
export const nameOf = (text: string): string => text.replace(/[.<>=!].*/, "");

/** The recipe of a toolchain; undefined when none runs on such a host, or for names that a damaged file made up. */
export function findRecipe({ backend, architecture, hostArchitecture }: Place): Recipe | undefined {
  const known: Readonly<Partial<Record<Backend, Readonly<Partial<Record<Architecture, ByArchitecture>>>>>> = recipes;
  return known[backend]?.[hostArchitecture]?.[architecture];
}

/** The recipe of a toolchain whose spec `planToolchain` has made, so that there is one. */
export function recipeOf(spec: Place): Recipe {
  const recipe = findRecipe(spec);
  if (recipe === undefined) {
    throw new Error(`no recipe for ${spec.backend} ${spec.architecture} on ${spec.hostArchitecture}`);
  }
  return recipe;
}

/** @throws Problem when no toolchain for the target runs on this machine. */
export function checkRecipe(target: Target, architecture: Architecture, hostArchitecture: Architecture): void {
  if (!target.architectures.includes(architecture)) {
    throw new Problem(`there is no ${target.name} for ${architecture}`, {
      accepted: `arch: ${target.architectures.join(", ")}`,
      do: "set `arch`, or choose another `target`",
    });
  }
  if (findRecipe({ ...target, architecture, hostArchitecture }) !== undefined) return;
  const hosts = (Object.keys(recipes[target.backend]) as Architecture[]).filter(
    (candidate) => recipes[target.backend][candidate][architecture] !== undefined,
  );
  throw new Problem(`no toolchain for ${target.name} on ${architecture} runs on ${hostArchitecture} machines`, {
    accepted: `${hosts.join(", ")} machines`,
    do: `run this job on ${hosts.map((one) => hostedRunners[one]).join(" or ")}`,
  });
}

/** @throws Problem when the path of this folder is too long for one of the toolchain's packages to build in. */
export function checkBuildFolder({ longestBuildFolder = Infinity }: Recipe, folder: string): void {
  const bytes = Buffer.byteLength(folder);
  if (bytes <= longestBuildFolder) return;
  throw new Problem(`this toolchain cannot be built in ${folder}`, {
    because: `the path is ${bytes} bytes long, and its packages only build in one of at most ${longestBuildFolder}`,
    do: "set RUNNER_TOOL_CACHE (or XDG_CACHE_HOME) to a shorter path",
  });
}

/** GitHub's own runner of each architecture. */
export const hostedRunners: Readonly<Record<Architecture, string>> = {
  x86_64: "ubuntu-24.04",
  aarch64: "ubuntu-24.04-arm",
};

/**
 * The arguments of `opam install`, with exact versions where the version table decides them.
 *
 * @param extra the user's own packages.
 */
export function opamPackages(recipe: Recipe, versions: ToolchainVersions, extra: readonly string[]): readonly string[] {
  const compiler = `${compilerPackage(extra)}.${versions.ocaml}${hasOptions(extra) ? "+options" : ""}`;
  const mirage = versions.mirage === undefined ? [] : [`mirage.${versions.mirage}`];
  return [compiler, "dune", "ocamlfind", ...crossPackages(recipe, versions), ...mirage, ...extra];
}

const hasOptions = (extra: readonly string[]): boolean => extra.some((name) => name.startsWith("ocaml-option-"));

/** An ocaml-option-* package needs ocaml-variants, and conflicts with ocaml-base-compiler. */
const compilerPackage = (extra: readonly string[]): string =>
  hasOptions(extra) ? "ocaml-variants" : "ocaml-base-compiler";

/** The opam packages that have a component's version: the first decides it, for a toolchain of this recipe. */
export function componentPackages(recipe: Recipe, component: Component, extra: readonly string[]): readonly string[] {
  if (component === "ocaml") return [compilerPackage(extra)];
  if (component === "mirage") return ["mirage"];
  return recipe.opam.filter((name) => name.endsWith(`.{${component}}`)).map((name) => name.replace(/\..*/, ""));
}

/** The packages of {@link opamPackages} that have no component's version. */
export const unversionedPackages = (recipe: Recipe, extra: readonly string[]): readonly string[] => [
  "dune",
  "ocamlfind",
  ...recipe.opam.filter((name) => !name.endsWith("}")),
  ...extra,
];

/**
 * The packages of {@link opamPackages} whose version the table decides, each as `name.version`.
 *
 * @param pins packages that do not come from a repository.
 */
export function decidedPackages(
  recipe: Recipe,
  versions: ToolchainVersions,
  extra: readonly string[],
  pins: readonly OpamPin[],
): readonly string[] {
  const pinned = pins.map((pin) => nameOf(pin.package));
  const all = opamPackages(recipe, versions, extra).filter((name) => name.includes("."));
  return all.filter((name) => !extra.includes(name) && !pinned.includes(nameOf(name)));
}

/** The cross compiler's packages, each as `name.version` where the version table decides. */
export function crossPackages(recipe: Recipe, versions: ToolchainVersions): readonly string[] {
  return recipe.opam.map((name) =>
    name.replace(/\{([^{}]*)\}/, (_, component: keyof ToolchainVersions) => {
      const version = versions[component];
      if (version === undefined) throw new Error(`${name} needs a version of ${component}`);
      return version;
    }),
  );
}

/** Debian packages: `use` for every job, `build` only to build the toolchain. */
export function systemPackages(
  recipe: Recipe,
  versions: ToolchainVersions,
): { readonly use: readonly string[]; readonly build: readonly string[] } {
  // mirage projects with TLS install zarith into the switch, which needs the host's GMP.
  const mirage = versions.mirage === undefined ? [] : ["libgmp-dev", "pkg-config", "git"];
  return { use: [...recipe.systemToUse, ...mirage], build: [...opamTools, ...recipe.systemToBuild] };
}
