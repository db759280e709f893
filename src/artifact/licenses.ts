import parse from "spdx-expression-parse";
import type { UsedPackage } from "../project/project.js";

/**
 * Licences that ask for no more than their own text beside an image, as SPDX names them (https://spdx.org/licenses/); with
 * them, what OCaml's own libraries have. Everything else that is in an image is told, and nothing is decided.
 */
const usual = new Set(
  [
    "0BSD",
    "Apache-2.0",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unlicense",
    "Zlib",
  ].map((id) => id.toLowerCase()),
);

/** Without it, the LGPL asks for a way to link a static image anew. */
const linkingException = "OCaml-LGPL-linking-exception";

/** A package with what is unusual about its licence. */
export interface UnusualLicense {
  readonly name: string;
  readonly version: string;
  /** As the package says it, or that it says nothing. */
  readonly license: string;
}

/** Of the packages that are in an image, or may be: those with an unusual licence, an unknown one, or none. */
export function unusualLicenses(packages: readonly UsedPackage[]): readonly UnusualLicense[] {
  return packages
    .filter(({ use, licenses }) => use !== "tool" && (licenses.length === 0 || !licenses.every(isUsual)))
    .map(({ name, version, licenses }) => ({
      name,
      version,
      license: licenses.length === 0 ? "none given" : licenses.join(" and "),
    }));
}

/** A licence as an SPDX expression; undefined when it is none. */
export function spdxExpression(license: string): parse.Info | undefined {
  // Packages write `BSD-3-clause` too, which the standard takes for the same (its names do not differ by case).
  for (const text of [license, license.replace(/-clause/gi, "-Clause")]) {
    try {
      return parse(text);
    } catch {
      continue;
    }
  }
  return undefined;
}

function isUsual(license: string): boolean {
  const info = spdxExpression(license);
  return info !== undefined && accepts(info);
}

function accepts(info: parse.Info): boolean {
  if ("conjunction" in info) {
    return info.conjunction === "and"
      ? accepts(info.left) && accepts(info.right)
      : accepts(info.left) || accepts(info.right);
  }
  if (info.exception === linkingException) return info.license.startsWith("LGPL-");
  return info.exception === undefined && usual.has(info.license.toLowerCase());
}
