import { didYouMean } from "../../platform/closest.js";
import { WrongUse } from "../../platform/problem.js";
import type { Component } from "../../targets/constraint.js";
import { compareVersions } from "../../targets/opam-version.js";
import type { Backend } from "../../targets/targets.js";
import type { ToolchainVersions } from "../toolchain.js";

export interface Option {
  /** The opam package that enables it by its presence. */
  readonly package: string;
  /** The backends whose cross compilers support it. Elsewhere it would only change the host's compiler. */
  readonly backends: readonly Backend[];
  /** The first version that has it. */
  readonly since?: { readonly component: Component; readonly version: string };
}

/** The options of a toolchain, from the opam files of ocaml-solo5 and ocaml-unikraft (opam-repository, 2026-08). */
export const toolchainOptions = {
  flambda: { package: "ocaml-option-flambda", backends: ["solo5", "host"] },
  "no-flat-float-array": { package: "ocaml-option-no-flat-float-array", backends: ["solo5", "host"] },
  debug: { package: "ocaml-unikraft-option-debug", backends: ["unikraft"] },
  "9pfs": {
    package: "ocaml-unikraft-option-9pfs",
    backends: ["unikraft"],
    since: { component: "ocaml-unikraft", version: "1.2.0" },
  },
} as const satisfies Readonly<Record<string, Option>>;

export type ToolchainOption = keyof typeof toolchainOptions;

const optionNames = Object.keys(toolchainOptions) as ToolchainOption[];

/**
 * The opam packages of options.
 *
 * @param words as the user wrote them, in capitals or not.
 * @throws Problem for an unknown option, or one that this backend or version does not support; it lists the supported.
 */
export function optionPackages(
  words: readonly string[],
  backend: Backend,
  versions: ToolchainVersions,
): readonly string[] {
  const accepted = optionNames.filter((name) => isFor(toolchainOptions[name], backend));
  return [...new Set(words.map((word) => word.toLowerCase()))].map((word) => {
    const name = optionNames.find((candidate) => candidate === word);
    const option: Option | undefined = name === undefined ? undefined : toolchainOptions[name];
    if (option === undefined || !isFor(option, backend)) {
      const fault =
        option === undefined
          ? `there is no ${word}${didYouMean(word, accepted)}`
          : `${word} is not for ${backend} toolchains`;
      throw new WrongUse(`input toolchain-options: ${fault}`, { accepted: `for ${backend}: ${accepted.join(", ")}` });
    }
    const { since } = option;
    const version = since === undefined ? undefined : versions[since.component];
    if (since !== undefined && version !== undefined && compareVersions(version, since.version) < 0) {
      throw new WrongUse(`input toolchain-options: ${since.component} ${version} has no ${word}`, {
        accepted: `${since.component} ${since.version} and newer`,
        do: `set \`${since.component}-version: ${since.version}\`, or remove ${word}`,
      });
    }
    return option.package;
  });
}

/**
 * Advice for a version with a variant of the compiler, such as `4.14.0+flambda`: variants are `toolchain-options` here.
 *
 * @returns what to write instead; undefined for a text without a variant.
 */
export function variantAdvice(text: string): string | undefined {
  const [version = "", ...variants] = text.split("+").map((part) => part.trim());
  if (variants.length === 0) return undefined;
  const known = optionNames.filter((name) => toolchainOptions[name].package.startsWith("ocaml-option-"));
  const named = variants.flatMap((word) => known.find((name) => name === word.toLowerCase()) ?? []);
  return named.length === variants.length
    ? `${version}, with \`toolchain-options: ${named.join(" ")}\``
    : `a version without a variant; variants are \`toolchain-options\`: ${known.join(", ")}`;
}

/** The opam packages of the words that are options, whether or not the backend supports them. */
export function optionPackageNames(words: readonly string[]): readonly string[] {
  const given = words.map((word) => word.toLowerCase());
  return optionNames.filter((name) => given.includes(name)).map((name) => toolchainOptions[name].package);
}

const isFor = (option: Option, backend: Backend): boolean => option.backends.includes(backend);
