// The client of the true action, and its rules: test/e2e/README.md.
import { cpSync, statSync } from "node:fs";
import { basename, dirname, join, sep } from "node:path";

const { STAND_IN_MODULES: modules = "", UPLOADED: kept } = process.env;
const { create } = await import(join(modules, "@actions/glob/lib/glob.js"));
const input = (name) => process.env[`INPUT_${name.toUpperCase()}`] ?? "";
const [artifact, path] = [input("name") || "artifact", input("path")];

const globber = await create(path, { excludeHiddenFiles: input("include-hidden-files") !== "true" });
const files = (await globber.glob()).filter((file) => !statSync(file).isDirectory());
const folded = new Set(files.map((file) => file.toLowerCase()));
if (folded.size < files.length)
  throw new Error(`names differ only by case, and one would be lost: ${files.join(", ")}`);
if (files.length === 0) {
  const missing = `there is no file in ${path}`;
  if (input("if-no-files-found") === "error") throw new Error(missing);
  console.log(`::warning::${missing}`);
} else if (kept === undefined) {
  const { default: client } = await import(join(modules, "@actions/artifact/lib/artifact.js"));
  await client.uploadArtifact(artifact, files, rootOf(globber.getSearchPaths(), files));
  for (const file of files) console.log(`uploaded ${basename(file)} in ${artifact}`);
} else {
  // Servers with the older protocol, which has no stand-in: the files are kept in a folder.
  const root = rootOf(globber.getSearchPaths(), files);
  for (const file of files) cpSync(file, join(kept, artifact, file.slice(root.length + 1)));
}

/** The folder that names in the artifact are relative to: the common part of the paths that were given. */
function rootOf(searched, found) {
  const [first, ...others] = searched.map((one) => one.split(sep));
  if (others.length === 0) return found.length === 1 && searched[0] === found[0] ? dirname(found[0]) : searched[0];
  const different = first.findIndex((part, index) => others.some((other) => other[index] !== part));
  return first.slice(0, different < 0 ? undefined : different).join(sep);
}
