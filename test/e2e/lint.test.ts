// What GitHub's users lint their workflows with passes on everything that we ship. The exceptions, each with its
// reason, are in .github/actionlint.yaml and .github/zizmor.yml; the templates for GitHub need none, and those of
// others have theirs here.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { generatedFiles } from "../../scripts/generate.js";
import { withReference } from "../../src/init/adapt.js";
import { skipNote } from "../skip-note.js";

const root = resolve(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "unikernel-ci-lint-"));
const ours = join(folder, "ours");
const templates = join(folder, "templates");
const forgejo = join(folder, "forgejo");

const installed = spawnSync(join(root, "test/e2e/install-linters.sh"), { encoding: "utf8" });
/** No registry has them here; any other failure fails. In CI they must be there. */
const cannotLint = installed.status === 3 && !inject("isCi");
const noLinters = skipNote(
  cannotLint ? `the linters are unavailable: ${installed.stderr.trim().split("\n").at(-1)}` : undefined,
);
const [go = "", python = ""] = installed.stdout.trim().split("\n");
const actionlint = join(go, "actionlint");
const zizmor = join(python, "zizmor");
const schemas = join(python, "check-jsonschema");

beforeAll(() => {
  expect(cannotLint ? 0 : installed.status, installed.stderr).toBe(0);
  cpSync(join(root, ".github"), join(ours, ".github"), { recursive: true });
  mkdirSync(join(templates, ".github/workflows"), { recursive: true });
  mkdirSync(join(forgejo, ".github/workflows"), { recursive: true });
  writeFileSync(join(forgejo, ".github/workflows/unikernel.yml"), readTemplate("forgejo/unikernel.yml"));
  for (const name of readdirSync(join(root, "templates/github")).filter((file) => file.endsWith(".yml"))) {
    writeFileSync(join(templates, ".github/workflows", name), readTemplate(`github/${name}`));
  }
  // actionlint looks for the root of a repository.
  for (const repository of [ours, templates, forgejo]) mkdirSync(join(repository, ".git"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** As `init` writes it. */
function readTemplate(path: string): string {
  const reference = { owner: "unikernel-ci", commit: "0123456789abcdef0123456789abcdef01234567" };
  return withReference(readFileSync(join(root, "templates", path), "utf8"), reference);
}

function check(program: string, args: readonly string[], cwd: string): void {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: "utf8" });
  expect(status, `${stdout}\n${stderr}`).toBe(0);
}

const workflowsOf = (repository: string) =>
  readdirSync(join(repository, ".github/workflows")).map((name) => join(repository, ".github/workflows", name));

describe.skipIf(cannotLint).each([
  ["our workflows", ours],
  ["the templates", templates],
])(`%s${noLinters}`, (_, repository) => {
  test("pass actionlint", () => check(actionlint, ["-no-color"], repository));
  test("pass zizmor, pedantic", () => check(zizmor, ["--offline", "--pedantic", "--no-progress", "."], repository));
  test("are of the form that the schema has", () =>
    check(schemas, ["--builtin-schema", "vendor.github-workflows", ...workflowsOf(repository)], root));
});

describe.skipIf(cannotLint)(`the template for Forgejo and Gitea${noLinters}`, () => {
  test("passes actionlint", () => {
    const file = join(forgejo, ".github/workflows/unikernel.yml");
    const text = readFileSync(file, "utf8");
    // GitHub's runner takes no addresses, which these forges need: it is looked at without them.
    writeFileSync(file, text.replaceAll("uses: https://github.com/", "uses: "));
    // `docker` is the usual label of a runner there; GitHub has none of that name.
    check(actionlint, ["-no-color", "-ignore", '^label "docker" is unknown'], forgejo);
    writeFileSync(file, text);
  });
  test("passes zizmor, pedantic", () => check(zizmor, ["--offline", "--pedantic", "--no-progress", "."], forgejo));
  test("is of the form that the schema has", () =>
    check(schemas, ["--builtin-schema", "vendor.github-workflows", ...workflowsOf(forgejo)], root));
});

test.skipIf(cannotLint)(`a linter that passes everything would be seen${noLinters}`, () => {
  const bad = join(folder, "bad");
  mkdirSync(join(bad, ".github/workflows"), { recursive: true });
  mkdirSync(join(bad, ".git"));
  mkdirSync(join(bad, "action"));
  const text = "on: pull_request_target\njobs:\n  x:\n    runs-on: ubuntu-24.04\n    step: []\n";
  writeFileSync(join(bad, ".github/workflows/bad.yml"), text);
  const action = "name: x\ndescription: x\nruns:\n  using: composite\n  steps:\n    - uses: someone/action@main\n";
  writeFileSync(join(bad, "action/action.yml"), action);
  writeFileSync(join(bad, "spec.yml"), "spec:\n  inputs: [target]\n");
  writeFileSync(join(bad, "jobs.yml"), "unikernel:\n  script: make\n  artifacts: all\n");
  writeFileSync(
    join(bad, "bad.properties.json"),
    '{ "name": "x", "description": "x", "iconName": "x", "categories": ["Continous integration"] }\n',
  );
  for (const [program, args] of [
    [actionlint, []],
    [zizmor, ["--offline", "--pedantic", "--no-progress", "."]],
    [zizmor, ["--offline", "--pedantic", "--no-progress", "action/action.yml"]],
    [schemas, ["--builtin-schema", "vendor.github-workflows", ".github/workflows/bad.yml"]],
    [schemas, [...gitLab, "spec.yml"]],
    [schemas, [...gitLab, "jobs.yml"]],
    [schemas, [...propertiesSchema, "bad.properties.json"]],
  ] as const) {
    expect(spawnSync(program, args, { cwd: bad }).status, program).not.toBe(0);
  }
});

describe.skipIf(cannotLint)(`every action.yml${noLinters}`, () => {
  const files = [...generatedFiles().keys()].filter((path) => path.endsWith("action.yml"));
  const written = files.map((path) => join(folder, "actions", path));
  beforeAll(() => {
    for (const path of files) {
      mkdirSync(dirname(join(folder, "actions", path)), { recursive: true });
      writeFileSync(join(folder, "actions", path), generatedFiles().get(path) ?? "");
    }
  });
  test("is one of the action or of its parts", () => expect(files).toHaveLength(9));
  test("passes zizmor, pedantic", () =>
    check(zizmor, ["--offline", "--pedantic", "--no-progress", ...written], folder));
  test("is of the form that the schema has", () =>
    check(schemas, ["--builtin-schema", "vendor.github-actions", ...written], root));
});

const gitLab = ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"];

// zizmor and actionlint know GitHub's form only.
describe.skipIf(cannotLint)(`the template for GitLab${noLinters}`, () => {
  test("has a pipeline of the form that the schema has", () =>
    check(schemas, [...gitLab, join(root, "templates/gitlab/gitlab-ci.yml")], root));
  test("has a component whose inputs and jobs are of the form that the schema has", () => {
    // A component is two documents, of which check-jsonschema reads one.
    const documents = readTemplate("gitlab/unikernel.yml").split(/^---\n/m);
    const files = documents.map((text, index) => {
      const file = join(folder, `component-${index}.yml`);
      writeFileSync(file, text);
      return file;
    });
    expect(files).toHaveLength(2);
    check(schemas, [...gitLab, ...files], root);
  });
});

const propertiesSchema = ["--schemafile", join(root, "test/e2e/template-properties.schema.json")];

test.skipIf(cannotLint)(`every template for GitHub has properties of the form that GitHub reads${noLinters}`, () => {
  const names = readdirSync(join(root, "templates/github")).filter((name) => name.endsWith(".properties.json"));
  expect(names).toHaveLength(workflowsOf(templates).length);
  check(schemas, [...propertiesSchema, ...names.map((name) => join(root, "templates/github", name))], root);
});
