// What we take from others: each with a reason in docs/dependencies.md, a licence to pass on, and bytes that are fixed.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, test } from "vitest";
import { root, textOf } from "../documentation.js";

interface Locked {
  readonly version: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly license?: string;
  readonly hasInstallScript?: boolean;
}

const { dependencies, devDependencies } = JSON.parse(textOf("package.json")) as Record<
  "dependencies" | "devDependencies",
  Record<string, string>
>;
const { packages } = JSON.parse(textOf("package-lock.json")) as { readonly packages: Readonly<Record<string, Locked>> };
const locked = Object.entries(packages).filter(([path]) => path !== "");

/** The names in the first column of a section's table. */
function reasonsIn(section: string): string[] {
  const [, text = ""] = textOf("docs/dependencies.md").split(`## ${section}\n`);
  const rows = (text.split("\n## ")[0] ?? "")
    .split("\n")
    .filter((line) => /^\| [@a-z]/.test(line) && !line.startsWith("| package "));
  return rows.flatMap((line) => (line.split("|")[1] ?? "").replace(/\(.*\)/, "").split(",")).map((name) => name.trim());
}

/** They ask for no more than their text beside the bundle: licenses.txt. */
const accepted = [
  "MIT",
  "MIT/X11",
  "ISC",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "0BSD",
  "BlueOak-1.0.0",
  "CC0-1.0",
  "CC-BY-3.0",
  "Unlicense",
];
/** Of tools that are run and not given on. */
const acceptedForTools = [...accepted, "MPL-2.0", "Python-2.0", "CC-BY-4.0"];
/** Packages that state no licence of their own: docs/dependencies.md names each. */
const unstated = ["node_modules/buffers"];

describe("dependencies", () => {
  it("have a reason each", () => {
    expect(reasonsIn("In the bundles").sort()).toEqual(Object.keys(dependencies).sort());
    expect(reasonsIn("For development").sort()).toEqual(Object.keys(devDependencies).sort());
  });

  it("are of exact versions", () => {
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies }))
      expect(version, name).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it("are the bytes that were looked at, from whichever registry", () => {
    expect(locked.length).toBeGreaterThan(100);
    for (const [path, { resolved, integrity }] of locked) {
      expect(resolved, path).toBeUndefined();
      expect(integrity, path).toEqual(expect.stringMatching(/^sha512-/));
    }
  });

  it("have licences that can be given on", () => {
    for (const [path, { license = "none", dev = false }] of locked.filter(([name]) => !unstated.includes(name))) {
      const mayBe = (word: string) => (dev ? acceptedForTools : accepted).includes(word);
      const choices = license.replace(/[()]/g, "").split(" OR ");
      expect(
        choices.some((choice) => choice.split(" AND ").every(mayBe)),
        `${path}: ${license}`,
      ).toBe(true);
    }
  });

  it("in the bundles need no scripts of their own to be installed", () => {
    expect(locked.filter(([, { dev, hasInstallScript }]) => dev !== true && hasInstallScript === true)).toEqual([]);
  });
});

/** Words of packages that stay in a bundle as they are. */
const marks: Readonly<Record<string, string>> = {
  "@actions/artifact": "CreateArtifact",
  "@actions/cache": "CreateCacheEntry",
  "@actions/core": "ghadelimiter_",
  "@cyclonedx/cyclonedx-library": "CycloneDX",
  commander: "commander.helpDisplayed",
  "dns-packet": "RSASHA256-NSEC3-SHA1",
  semver: "Invalid SemVer",
  "tar-stream": "Header exceeds max size",
  undici: "UND_ERR_",
  yaml: "YAMLParseError",
};

test.each(["setup", "build", "boot", "publish", "matrix", "collect", "release", "cli"])(
  "dist/%s has the licences of what is in it",
  (bundle) => {
    const folder = join(root, "dist", bundle);
    const code = readdirSync(folder)
      .filter((name) => name.endsWith(".js"))
      .map((name) => readFileSync(join(folder, name), "utf8"))
      .join("\n");
    const carried = Object.keys(marks).filter((name) => code.includes(marks[name] ?? ""));
    expect(carried.length).toBeGreaterThan(0);
    const licenses = readFileSync(join(folder, "licenses.txt"), "utf8");
    const names = (name: string) =>
      new RegExp(`\\n\\n${name}\\n(MIT|ISC|Apache-2\\.0)\\n.{10}`).test(`\n\n${licenses}`);
    expect(carried.filter((name) => !names(name))).toEqual([]);
  },
);
