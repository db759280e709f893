import parse from "spdx-expression-parse";
import type { UsedPackage } from "../project/project.js";

/**
 * SPDX names (https://spdx.org/licenses/) of licences that require only their text to be distributed with an image.
 * Any other licence in an image is reported; nothing fails.
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

/** Of OCaml's own libraries. Without it, the LGPL requires that users can relink a static image. */
const linkingException = "OCaml-LGPL-linking-exception";

export interface UnusualLicense {
  readonly name: string;
  readonly version: string;
  /** As the package states it, or `none given`. */
  readonly license: string;
}

/** The packages that are or may be in an image and whose licence is unusual, unknown or missing. */
export function unusualLicenses(packages: readonly UsedPackage[]): readonly UnusualLicense[] {
  return packages
    .filter(({ use, licenses }) => use !== "tool" && (licenses.length === 0 || !licenses.every(isUsual)))
    .map(({ name, version, licenses }) => ({
      name,
      version,
      license: licenses.length === 0 ? "none given" : licenses.join(" and "),
    }));
}

/** A licence as an SPDX expression; undefined when it is not a valid one. */
export function spdxExpression(license: string): parse.Info | undefined {
  // Packages also write `BSD-3-clause`: SPDX names are not case-sensitive, but the parser is.
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
