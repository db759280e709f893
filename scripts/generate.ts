// Writes the generated files. From src/actions/*interface.ts: action.yml and action-types.yml of every action, the
// inputs of the reusable workflows, and the tables in docs/. From src/artifact/schema.ts: the schema of
// build-info.json. `npm run generate` writes them; `npm run generate -- --check` names each stale file, and exits 1 if
// there is one.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { actionFile, interfaces, typesFile } from "./action-files.js";
import { gitLabComponent } from "./gitlab-component.js";
import { buildInfoSchemaFile } from "./schemas.js";
import { interfaceTables, matrixTables, releaseTables, reusableTables, targetTables } from "./tables.js";
import { releaseWorkflowInputs, unikernelInputs, withWorkflowInputs } from "./workflow-files.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

const reusable = ".github/workflows/unikernel.yml";
const reusableRelease = ".github/workflows/unikernel-release.yml";

/** Content of the generated files, by path relative to the repository. */
export function generatedFiles(): ReadonlyMap<string, string> {
  return new Map([
    ...Object.keys(interfaces).flatMap((folder) => [
      [join(folder, "action.yml"), actionFile(folder)] as const,
      [join(folder, "action-types.yml"), typesFile(folder)] as const,
    ]),
    [reusable, withWorkflowInputs(contentOf(reusable), unikernelInputs())],
    [reusableRelease, withWorkflowInputs(contentOf(reusableRelease), releaseWorkflowInputs())],
    ["docs/reusable-workflow.md", reusableTables(contentOf("docs/reusable-workflow.md"))],
    ["docs/inputs.md", interfaceTables(contentOf("docs/inputs.md"))],
    ["docs/targets.md", targetTables(contentOf("docs/targets.md"))],
    ["docs/matrix.md", matrixTables(contentOf("docs/matrix.md"))],
    ["docs/releases.md", releaseTables(contentOf("docs/releases.md"))],
    ["docs/build-info.schema.json", buildInfoSchemaFile()],
    ["templates/gitlab/unikernel.yml", gitLabComponent()],
  ]);
}

/** Content of a file of the repository; empty if it does not exist. */
export function contentOf(path: string): string {
  try {
    return readFileSync(join(root, path), "utf8");
  } catch {
    return "";
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const stale = [...generatedFiles()].filter(([path, content]) => contentOf(path) !== content);
  if (process.argv.includes("--check")) {
    for (const [path] of stale) console.error(`${path} is stale: run \`npm run generate\` and commit it`);
    if (stale.length > 0) process.exitCode = 1;
  } else {
    for (const [path, content] of stale) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
      console.log(`wrote ${path}`);
    }
  }
}
