// What test/unit/documentation.test.ts leaves: actionlint on each workflow of the documentation, and slow commands.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { parseInputs } from "../../src/actions/definition.js";
import { readInputs } from "../../src/actions/interface.js";
import { allMatrixInputs } from "../../src/actions/matrix-interface.js";
import { withReference } from "../../src/init/adapt.js";
import { planMatrix } from "../../src/matrix/plan-matrix.js";
import { type GroupJob, type LegJob, strategyMatrix } from "../../src/matrix/strategy.js";
import { type Command, commandsOf, fences, root } from "../documentation.js";
import { mirage } from "../unit/matrix/fixtures.js";
import { skipNote } from "../skip-note.js";

const folder = mkdtempSync(join(tmpdir(), "unikernel-ci-documentation-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Job {
  readonly needs?: string;
  readonly steps?: readonly { readonly run?: string; readonly env?: Readonly<Record<string, string>> }[];
}

interface Workflow {
  readonly on?: unknown;
  readonly jobs: Readonly<Record<string, Job>>;
}

const workflows = fences.filter(({ language, text }) => language === "yaml" && /^jobs:/m.test(text));

/** A page does not say again what its reader knows: when it runs, and a job that stands above. */
function completed(text: string): string {
  const workflow = parse(text) as Workflow;
  const missing = Object.values(workflow.jobs).flatMap(({ needs }) =>
    needs === undefined || needs in workflow.jobs ? [] : [needs],
  );
  const standIn = (job: string) => {
    const names = [...text.matchAll(new RegExp(`needs\\.${job}\\.outputs\\.([\\w-]+)`, "g"))].map(
      ([, name = ""]) => name,
    );
    const outputs = names.length === 0 ? {} : { outputs: Object.fromEntries(names.map((name) => [name, "[]"])) };
    return { "runs-on": "ubuntu-24.04", ...outputs, steps: [{ run: "true" }] };
  };
  const jobs = { ...workflow.jobs, ...Object.fromEntries(missing.map((job) => [job, standIn(job)])) };
  return stringify({ on: "push", ...workflow, jobs });
}

const installed = spawnSync(join(root, "test/e2e/install-linters.sh"), { encoding: "utf8" });
/** No registry has them here; any other failure fails. */
const noLinters = installed.status === 3 ? "the linters are unavailable" : undefined;
const actionlint = join(installed.stdout.split("\n")[0] ?? "", "actionlint");

describe.skipIf(noLinters !== undefined)(`actionlint passes${skipNote(noLinters)}`, () => {
  const lint = (text: string) => spawnSync(actionlint, ["-no-color", "-"], { input: text, encoding: "utf8" });

  beforeAll(() => expect([0, 3], installed.stderr).toContain(installed.status));

  test.each(workflows.map(({ place, text }) => [place, text] as const))("%s", (_, text) => {
    const { status, stdout } = lint(
      withReference(completed(text), { owner: "someone", commit: "0123456789abcdef0123456789abcdef01234567" }),
    );
    expect(status, stdout).toBe(0);
  });

  test("and would not pass a workflow that is wrong", () => {
    expect(lint("on: push\njobs: { x: { runs-on: ubuntu-24.04, step: [] } }\n").status).not.toBe(0);
  });
});

/** The commands of a page's blocks in a copy of its folder. */
function copyOf(source: string): string {
  const copy = join(folder, source);
  cpSync(join(root, source), copy, { recursive: true, filter: (path) => !path.endsWith("/dist") });
  return copy;
}

function runs({ words: [program = "", ...rest] }: Command, cwd: string) {
  return spawnSync(program, rest, { cwd, encoding: "utf8", timeout: 3_000_000 });
}

const commandsIn = (page: string) =>
  fences.filter((fence) => fence.page === page && fence.language !== "text").flatMap(commandsOf);

test("the bare example is built and booted as its page says", () => {
  const copy = copyOf("examples/bare");
  const commands = commandsIn("examples/bare/README.md");
  for (const command of commands.filter(({ words }) => words[0] === "make"))
    expect(runs(command, copy).status, command.words.join(" ")).toBe(0);
  const boots = commands.filter(({ words }) => words[0]?.startsWith("qemu-") === true);
  expect(boots).toHaveLength(2);
  for (const boot of boots) expect(runs(boot, copy).stdout).toContain("solo5_exit(3) called");
});

test("the loader is built as its page says", () => {
  const [make] = commandsIn("loader/README.md");
  expect(runs(make ?? { folder: "", words: [], prints: [] }, copyOf("loader")).status).toBe(0);
});

test("`doctor` tells about this machine", () => {
  const doctor = commandsIn("docs/targets.md").find(({ words }) => words.includes("doctor"));
  expect(runs(doctor ?? { folder: "", words: [], prints: [] }, root).stdout).toContain("x86_64");
});

test("the job for a toolchain runs the command line for each of its legs, and fails when one does", () => {
  const job = workflows
    .flatMap(({ text }) => Object.values((parse(text) as Workflow).jobs))
    .find(({ steps = [] }) => steps.some(({ env }) => env?.["LEGS"]));
  const script = job?.steps?.find(({ env }) => env?.["LEGS"] !== undefined)?.run ?? "";
  const program = join(folder, "group/.unikernel-ci/dist/cli");
  mkdirSync(program, { recursive: true });
  // It tells what it was called with, and fails for spt. What is on standard input would be the legs after this one.
  writeFileSync(
    join(program, "index.cjs"),
    "const { appendFileSync, readFileSync } = require('node:fs');\n" +
      "const words = process.argv.slice(2); readFileSync(0);\n" +
      "appendFileSync('calls', JSON.stringify(words) + '\\n'); process.exitCode = words.includes('spt') ? 1 : 0\n",
  );
  const text = "hvt x86_64\nspt x86_64\nvirtio x86_64 variant=small configure-args=\"--a 'b c'\"";
  const plan = planMatrix(
    parseInputs(allMatrixInputs, (name) => (name === "targets" ? text : undefined)),
    mirage,
  );
  const [group, ...others] = strategyMatrix(plan, "toolchain").include as readonly GroupJob[];
  expect(others).toEqual([]);
  const ran = spawnSync("bash", ["-e", "-o", "pipefail", "-c", script.replace("index.js", "index.cjs")], {
    cwd: join(folder, "group"),
    encoding: "utf8",
    env: { ...process.env, LEGS: group?.legs },
  });
  expect(ran.status, ran.stderr).toBe(1);
  const calls = readFileSync(join(folder, "group/calls"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as string[]);
  const legs = JSON.parse(group?.legs ?? "[]") as readonly LegJob[];
  expect(calls).toHaveLength(3);
  for (const [index, [command, ...words]] of calls.entries()) {
    expect(command).toBe("run");
    const given = Object.fromEntries(
      words.flatMap((word, at) =>
        word.startsWith("--") && at % 2 === 0 ? [[word.slice(2), words[at + 1] ?? ""]] : [],
      ),
    );
    const {
      target,
      arch,
      ocaml,
      directory,
      "config-file": configFile,
      "configure-args": configureArgs,
      "artifact-name": artifactName,
    } = legs[index] ?? ({} as LegJob);
    expect(given).toEqual({
      target,
      arch,
      "ocaml-version": ocaml,
      directory,
      "config-file": configFile,
      "configure-args": configureArgs,
      "artifact-name": artifactName,
    });
    expect(() => readInputs((name) => given[name])).not.toThrow();
  }
});
