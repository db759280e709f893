// The licences of what a bundle is made of. ncc's own list is written once for each chunk of a bundle, each time over
// the one before.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

/**
 * @param modules of webpack's compilation.
 * @returns the text of licenses.txt: of each package its name, what it says its licence is, and the licence where it
 * has its text.
 */
export function licensesText(modules) {
  const folders = new Set(
    [...filesOf(modules)].map((path) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0]),
  );
  const packages = [...folders].filter((folder) => folder !== undefined).map(describe);
  packages.sort((a, b) => (a.title < b.title ? -1 : 1));
  return (
    packages
      .map(({ name, license, text }) => [name, license, text].filter((part) => part !== "").join("\n"))
      .join("\n\n") + "\n"
  );
}

/** The files of modules, those that were joined to one among them. */
function* filesOf(modules) {
  for (const module of modules ?? []) {
    if (typeof module.resource === "string") yield module.resource;
    yield* filesOf(module.modules);
  }
}

function describe(folder) {
  const {
    name,
    version,
    license = "no licence is stated",
  } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder)
    .sort()
    .find((found) => /^(licen[cs]e|copying)(\.(md|txt))?$/i.test(found));
  const text = file === undefined ? "" : readFileSync(join(folder, file), "utf8").replaceAll("\r\n", "\n").trim();
  return { title: `${name} ${version}`, name, license, text };
}
