import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { parse, parseAllDocuments, parseDocument } from "yaml";
import { gitLabInputs } from "../../../src/actions/init-files.js";
import { gitHubTemplates } from "../../../src/init/choose.js";
import { withReference } from "../../../src/init/adapt.js";
import { type Workflow, outputsRead, unknownInputs } from "./workflow.js";

const folder = resolve(import.meta.dirname, "../../../templates");
const read = (path: string) => readFileSync(join(folder, path), "utf8");
const workflows = [...Object.keys(gitHubTemplates).map((name) => `github/${name}.yml`), "forgejo/unikernel.yml"];

const workflow = (path: string) => parse(read(path)) as Workflow;

it("init knows every template of GitHub’s form, and no other", () => {
  const files = readdirSync(join(folder, "github")).filter((name) => name.endsWith(".yml"));
  expect(files.sort()).toEqual(
    Object.keys(gitHubTemplates)
      .map((name) => `${name}.yml`)
      .sort(),
  );
});

describe.each(workflows)("%s", (path) => {
  it("takes the least permissions, and ends", () => {
    const { permissions, concurrency, jobs } = workflow(path);
    expect(permissions).toEqual({});
    expect(concurrency).toBeDefined();
    for (const job of Object.values(jobs)) {
      expect(job.permissions).toBeDefined();
      expect(job["timeout-minutes"]).toBeGreaterThan(0);
    }
  });

  it("uses full commits only, with the version beside them", () => {
    for (const line of read(path)
      .split("\n")
      .filter((text) => /\buses: /.test(text))) {
      expect(line).toMatch(/OWNER\/unikernel-ci(\/[a-z]+)?@<commit>$|@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    }
  });

  it("says nothing to our action that it does not take", () => expect(unknownInputs(workflow(path))).toEqual([]));

  it("reads no output that is not there", () => {
    const read = outputsRead(workflow(path));
    expect(read.filter(({ isThere }) => !isThere)).toEqual([]);
  });

  it("stays as it is when it is read and written, so that `init` changes what it is asked to", () => {
    expect(parseDocument(read(path)).toString({ lineWidth: 0, flowCollectionPadding: false })).toBe(read(path));
  });
});

it.each(Object.keys(gitHubTemplates))("github/%s has the properties that GitHub reads", (name) => {
  const properties = JSON.parse(read(`github/${name}.properties.json`)) as Readonly<Record<string, unknown>>;
  expect(Object.keys(properties)).toEqual(["name", "description", "iconName", "categories", "filePatterns"]);
  expect(properties["description"]).toMatch(/^.{20,150}\.$/);
  expect(existsSync(join(folder, `github/${String(properties["iconName"])}.svg`))).toBe(true);
  for (const pattern of properties["filePatterns"] as readonly string[]) {
    expect(["config.ml", "dune-project"].some((file) => new RegExp(pattern).test(file))).toBe(true);
  }
});

it("GitLab’s component has the inputs that `init` gives it, each handed to the command line", () => {
  const [spec, jobs] = parseAllDocuments(read("gitlab/unikernel.yml")).map((document) => document.toJS() as unknown);
  const { inputs } = (spec as { readonly spec: { readonly inputs: Readonly<Record<string, unknown>> } }).spec;
  expect(Object.keys(inputs)).toEqual([...gitLabInputs, "name", "stage", "container"]);
  const [job] = Object.values(jobs as Readonly<Record<string, { readonly script: readonly string[] }>>);
  const script = job?.script.join("\n") ?? "";
  for (const name of gitLabInputs)
    expect(script).toContain(`--${name} "$UNIKERNEL_${name.toUpperCase().replaceAll("-", "_")}"`);
  expect(script).not.toContain("$[[");
});

it("a filled-in template has no placeholder left", () => {
  const all = [...workflows, "gitlab/unikernel.yml", "shell/unikernel.mk"];
  for (const path of all)
    expect(withReference(read(path), { owner: "someone", commit: "c0" })).not.toMatch(/OWNER|<commit>/);
});
