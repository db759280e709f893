import semver from "semver";
import { type Formula, holds, packagesIn, shown } from "./formula.js";

/** The parts of a toolchain that have a version. */
export const components = ["ocaml", "solo5", "ocaml-solo5", "ocaml-unikraft", "mirage"] as const;
export type Component = (typeof components)[number];

/** Exact versions. Only OCaml's is always present. */
export type Versions = Readonly<Partial<Record<Component, string>>> & { readonly ocaml: string };

/** What one source asks of the versions of a toolchain. */
export interface Constraint {
  readonly formula: Formula;
  /** As a person writes it, without the component's name: `>= 4.9 & < 4.10`, `5.4.x`. */
  readonly text: string;
  /** Where it comes from, as a phrase: `config.ml line 1`, `www.opam`, `input ocaml-version`. */
  readonly source: string;
}

/** Whether versions satisfy a constraint. One on packages that they do not have is left to opam. */
export const accepts = ({ formula }: Constraint, versions: Partial<Versions>): boolean =>
  holds(formula, (name) => versionOf(name, versions));

/** The components that a constraint limits. */
export const componentsOf = ({ formula }: Pick<Constraint, "formula">): readonly Component[] => [
  ...new Set(packagesIn(formula).flatMap((name) => componentOf(name) ?? [])),
];

/** A constraint of an opam formula. */
export const constraintOf = (formula: Formula, source: string): Constraint => ({
  formula,
  text: shown(formula),
  source,
});

/** A constraint to one version. */
export const exactly = (component: Component, version: string, source: string): Constraint => ({
  formula: { kind: "compare", package: component, relation: "=", version },
  text: version,
  source,
});

/** The package of OCaml's compiler without options. */
export const ocamlCompiler = "ocaml-base-compiler";

/** An exact version of a prerelease in opam's notation, which npm ranges cannot name: `5.6.0~beta1`. */
const prerelease = /^\d+(?:\.\d+)*~[A-Za-z0-9][A-Za-z0-9.~-]*$/;

/**
 * A constraint of a version or an npm range: `5.4.1`, `5.4.x`, `>=5.3 <5.5`, `5.6.0~beta1`.
 *
 * @returns undefined for another text.
 */
export function constraintOfRange(component: Component, text: string, source: string): Constraint | undefined {
  if (prerelease.test(text)) {
    // The package `ocaml` has no prereleases: `ocaml.5.6.0` accepts the compiler 5.6.0~beta1.
    const name = component === "ocaml" ? ocamlCompiler : component;
    return { formula: { kind: "compare", package: name, relation: "=", version: text }, text, source };
  }
  if (semver.validRange(text) === null) return undefined;
  const parts = new semver.Range(text).set.map((comparators): Formula => ({
    kind: "and",
    parts: comparators
      .filter(({ value }) => value !== "")
      .map(({ operator, semver: { version } }) => ({
        kind: "compare",
        package: component,
        relation: operator === "" ? "=" : operator,
        // `4.x` ends below `5.0.0-0`, before all prereleases of 5.0.0.
        version: version.replace(/-0$/, "~"),
      })),
  }));
  return { formula: { kind: "or", parts }, text, source };
}

/** Packages that are released with a component, and have its version. */
const packages: Readonly<Record<string, Component>> = {
  ocaml: "ocaml",
  "ocaml-base-compiler": "ocaml",
  "ocaml-compiler": "ocaml",
  "ocaml-system": "ocaml",
  "ocaml-variants": "ocaml",
  solo5: "solo5",
  "ocaml-solo5": "ocaml-solo5",
  "ocaml-unikraft": "ocaml-unikraft",
  mirage: "mirage",
  "mirage-runtime": "mirage",
};

const componentOf = (name: string): Component | undefined =>
  Object.hasOwn(packages, name) ? packages[name] : undefined;

function versionOf(name: string, versions: Partial<Versions>): string | undefined {
  const component = componentOf(name);
  const version = component && versions[component];
  if (version === undefined) return undefined;
  if (name === "ocaml") return ocamlPackageVersion(version);
  // The compiler with options: `ocaml-variants.5.4.1+options`.
  return name === "ocaml-variants" ? `${version}+options` : version;
}

/** The version of the package `ocaml` for one of the compiler: 5.6.0 for 5.6.0~beta1. */
export const ocamlPackageVersion = (version: string): string => version.replace(/~.*/, "");
