// The client of the true action, and its rules: test/e2e/README.md.
import { join, resolve } from "node:path";

const { STAND_IN_MODULES: modules = "", GITHUB_WORKSPACE: workspace = "" } = process.env;
const { default: client } = await import(join(modules, "@actions/artifact/lib/artifact.js"));
const { minimatch } = await import(join(modules, "minimatch/dist/esm/index.js"));
const input = (name) => process.env[`INPUT_${name.toUpperCase()}`] ?? "";
const [name, pattern, path] = ["name", "pattern", "path"].map(input);

const folder = resolve(workspace, path);
const listed = async () => (await client.listArtifacts({ latest: true })).artifacts;
const artifacts =
  name === ""
    ? (await listed()).filter((artifact) => pattern === "" || minimatch(artifact.name, pattern))
    : [(await client.getArtifact(name)).artifact];
// A single artifact gets no folder of its own, even when a pattern selects it.
const isFlat = artifacts.length === 1 || input("merge-multiple") === "true";
for (const artifact of artifacts) {
  const { digestMismatch } = await client.downloadArtifact(artifact.id, {
    path: isFlat ? folder : join(folder, artifact.name),
    expectedHash: artifact.digest,
  });
  if (digestMismatch) throw new Error(`${artifact.name} is not what was uploaded`);
  console.log(`downloaded ${artifact.name}`);
}
