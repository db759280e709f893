// Every code block of the documentation is of a kind that something checks. test/e2e/documentation.test.ts lints the
// workflows and runs the commands that take longer.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { interfaces } from "../../scripts/action-files.js";
import { program } from "../../src/actions/command-line.js";
import { errorOf } from "../../src/actions/command-output.js";
import { readInputs } from "../../src/actions/interface.js";
import { parseScenarios } from "../../src/actions/scenarios.js";
import { partUsed } from "../../src/init/adapt.js";
import { type Command as Shown, commandsOf, fences, ownWords, pages, root, textOf } from "../documentation.js";

const { "": run, matrix, collect, release } = interfaces;
const everyInput = { ...collect?.inputs, ...release?.inputs, ...matrix?.inputs, ...run?.inputs };

type Inputs = Readonly<Record<string, { readonly parse: (text: string) => unknown }>>;

/** Each key is an input, and each value one that it takes. What the runner fills in is not known here. */
function checkInputs(given: Readonly<Record<string, unknown>>, known: Inputs = everyInput): void {
  for (const [name, value] of Object.entries(given)) {
    expect(Object.keys(known)).toContain(name);
    const text = String(value);
    if (!text.includes("${{")) known[name]?.parse(text.trim());
    if (name === "scenarios" && text.includes("\n"))
      parseScenarios(
        text,
        readInputs(() => undefined),
        "the documentation",
      );
  }
}

interface Step {
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job extends Step {
  readonly steps?: readonly Step[];
}

const reusable = (
  parse(textOf(".github/workflows/unikernel.yml")) as {
    readonly on: { readonly workflow_call: { readonly inputs: object } };
  }
).on.workflow_call;

function checkStep({ uses = "", with: given = {} }: Step): void {
  const part = partUsed(uses);
  if (part !== undefined) checkInputs(given, interfaces[part]?.inputs);
}

function checkJob({ uses = "", with: given = {}, steps = [] }: Job): void {
  if (uses.includes("/.github/workflows/"))
    expect(Object.keys(reusable.inputs)).toEqual(expect.arrayContaining(Object.keys(given)));
  steps.forEach(checkStep);
}

function checkYaml(text: string): void {
  const content = parse(text) as unknown;
  if (Array.isArray(content)) (content as readonly Step[]).forEach(checkStep);
  else if (Object.hasOwn(content as object, "jobs"))
    Object.values((content as { readonly jobs: Readonly<Record<string, Job>> }).jobs).forEach(checkJob);
  else if (Object.hasOwn(content as object, "updates"))
    expect(content).toMatchObject({ version: 2, updates: [{ "package-ecosystem": "github-actions", directory: "/" }] });
  else checkInputs(content as Readonly<Record<string, unknown>>);
}

/** The options of a command, as its help lists them. */
function optionsOf(words: readonly string[]): readonly (string | undefined)[] {
  const command = words.reduce<Command | undefined>(
    (found, word) => found?.commands.find((each) => each.name() === word),
    program,
  );
  if (command === undefined) throw new Error(`there is no command ${words.join(" ")}`);
  return command
    .createHelp()
    .visibleOptions(command)
    .map(({ long }) => long);
}

/** Its options are those that the command line itself lists, and their values what the inputs take. */
function checkOwn(given: readonly string[]): void {
  // `toolchain` has commands of its own.
  const length = given[0] === "toolchain" ? 2 : 1;
  const words = given.slice(length);
  const options = optionsOf(given.slice(0, length));
  words.forEach((word, index) => {
    if (!word.startsWith("--")) return;
    expect(options, given.join(" ")).toContain(word);
    const name = word.slice(2);
    if (Object.hasOwn(everyInput, name)) checkInputs({ [name]: words[index + 1] });
  });
}

const packageScripts = Object.keys((JSON.parse(textOf("package.json")) as { readonly scripts: object }).scripts);

function checkMake(folder: string, words: readonly string[]): void {
  const makefiles = [
    join(root, folder, "Makefile"),
    join(root, "Makefile"),
    join(root, "templates/shell/unikernel.mk"),
  ];
  const texts = makefiles.filter((path) => existsSync(path)).map((path) => readFileSync(path, "utf8"));
  for (const word of words) {
    const [name = ""] = word.split("=");
    const pattern = word.includes("=")
      ? new RegExp(`^(override )?${name} \\?=|\\b${name}\\b`, "m")
      : new RegExp(`^${name}:`, "m");
    expect(
      texts.some((text) => pattern.test(text)),
      word,
    ).toBe(true);
  }
}

const testFiles = (readdirSync(join(root, "test"), { recursive: true }) as string[]).filter((name) =>
  name.endsWith(".test.ts"),
);

/** Programs of others, of which only the name is looked at. */
const foreign = [
  "sudo",
  "git",
  "cd",
  "echo",
  "gh",
  "sha256sum",
  "dune",
  "solo5-spt",
  "firecracker",
  "qemu-system-x86_64",
  "qemu-system-aarch64",
];

function checkCommand(command: Shown): void {
  const own = ownWords(command);
  const [program = "", ...words] = command.words;
  const [first = "", second = ""] = words;
  if (own !== undefined) checkOwn(own);
  else if (program === "make") checkMake(command.folder, words);
  else if (program === "npm" && first === "run") expect(packageScripts).toContain(second);
  else if (program === "npm") expect(["ci", "install", "version"]).toContain(first);
  else if (program === "npx" && first === "vitest" && words[2] === "-t")
    expect(testFiles.some((name) => textOf(`test/${name}`).includes(words[3] ?? ""))).toBe(true);
  else if (program === "npx") expect(existsSync(join(root, words.at(-1) ?? "")), command.words.join(" ")).toBe(true);
  else if (program.includes("/")) expect(existsSync(join(root, program)), program).toBe(true);
  else expect(foreign).toContain(program);
}

/** What the log says before a fact: the first column of its lines. */
const labels = new Set(
  (readdirSync(join(root, "src"), { recursive: true }) as string[])
    .filter((name) => name.endsWith(".ts"))
    .flatMap((name) =>
      [...textOf(`src/${name}`).matchAll(/(?:fact|factLine)\(\s*["'`]([^"'`]+)["'`]/g)].map(([, label]) => label),
    ),
);

/** What is printed: a part of the log, a plan (which test/unit/matrix compares), or folders of the repository. */
function checkText(text: string): void {
  const lines = text.split("\n").filter((line) => line !== "");
  if (/^leg +runner/.test(text)) return;
  for (const line of lines) {
    if (/^> (Toolchain|Build|Boot|Publish)$|^ {2}\| |^ {12,}\S|^ {2}(PASSED|FAILED|SKIPPED) /.test(line)) continue;
    const [, first = ""] = /^ *(\S+(?: \S+)*?)(?: {2,}|$)/.exec(line) ?? [];
    const paths = first.split(/,? /);
    const isKnown = labels.has(first) || first === "dune build" || paths.every((path) => existsSync(join(root, path)));
    expect(isKnown, line).toBe(true);
  }
}

/** The error that a command prints for the mistake that its sentence quotes. */
function checkError(text: string): void {
  const { error } = JSON.parse(text) as { error: { sentence: string; exitCode: number } };
  const [, input = "", given = ""] = /^input (\S+): "(.*?)"/.exec(error.sentence) ?? [];
  try {
    readInputs((name) => (name === input ? given : undefined));
  } catch (failure) {
    expect(error).toEqual(errorOf({ failure, logged: undefined, value: {}, exitCode: error.exitCode }));
    return;
  }
  throw new Error(`${given} is accepted`);
}

const checks: Readonly<Record<string, (text: string, commands: () => readonly Shown[]) => void>> = {
  json: checkError,
  yaml: checkYaml,
  console: (_, commands) => commands().forEach(checkCommand),
  sh: (_, commands) => commands().forEach(checkCommand),
  text: checkText,
};

describe("the code block", () => {
  it.each(fences.map((fence) => [fence.place, fence] as const))("%s", (_, fence) => {
    const check = checks[fence.language];
    if (check === undefined) throw new Error(`nothing checks a block of \`${fence.language}\``);
    check(fence.text, () => commandsOf(fence));
  });
});

it("all code blocks are found", () => {
  const marks = pages.map((page) => [...textOf(page).matchAll(/^ *```/gm)].length).reduce((sum, count) => sum + count);
  expect(fences.length * 2).toBe(marks);
});

it("a block that lies is seen", () => {
  expect(() =>
    checkYaml("jobs: { x: { steps: [{ uses: OWNER/unikernel-ci@<commit>, with: { taget: hvt } }] } }"),
  ).toThrow();
  expect(() => checkYaml("net: { }\nmemory: much")).toThrow();
  expect(() => checkOwn(["run", "--tarket", "spt"])).toThrow();
  expect(() => checkOwn(["run", "--target", "none"])).toThrow();
  expect(() => checkMake(".", ["dmeo"])).toThrow();
  expect(() => checkText("src/nowhere/   nothing")).toThrow();
});

/** The version of OCaml is on the line that the page names. */
const cirrus = `freebsd_instance:
  image_family: freebsd-14-3

www_task:
  pkg_install_script: pkg install -y ocaml-opam gmake bash
  ocaml_script: opam init -a --comp=4.14.3
  configure_script: eval \`opam env\` && cd mirage && mirage configure -t hvt
`;

it("init prints what the documentation shows", () => {
  const shown = fences
    .filter(({ language }) => language === "console")
    .flatMap(commandsOf)
    .find((command) => ownWords(command)?.[0] === "init" && command.prints.length > 0);
  // The placeholder of the account, or after a release the real one: scripts/name-release.ts.
  const [, owner = "", commit = ""] =
    /([\w-]+)\/unikernel-ci@([0-9a-f]{40})$/m.exec(shown?.prints.join("\n") ?? "") ?? [];
  const folder = mkdtempSync(join(tmpdir(), "unikernel-ci-documentation-"));
  try {
    mkdirSync(join(folder, ".git"));
    mkdirSync(join(folder, "mirage"));
    const configuration =
      '(* mirage >= 4.10 & < 4.12 *)\nopen Mirage\nlet () = register "www" [ main "Unikernel" job ]\n';
    writeFileSync(join(folder, "mirage/config.ml"), configuration);
    writeFileSync(join(folder, "mirage/unikernel.ml"), "");
    writeFileSync(join(folder, ".cirrus.yml"), cirrus);
    const loader = join(root, "node_modules/tsx/dist/loader.mjs");
    const argv = [
      "--import",
      loader,
      join(root, "src/actions/entries/cli.ts"),
      "init",
      "--owner",
      owner,
      "--commit",
      commit,
    ];
    const { stdout } = spawnSync(process.execPath, argv, { cwd: folder, encoding: "utf8" });
    expect(stdout.trimEnd().split("\n")).toEqual(shown?.prints);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** As GitHub makes anchors of headings. */
const anchorsOf = (page: string) =>
  [...textOf(page).matchAll(/^#+ (.*)$/gm)].map(
    ([, heading = ""]) =>
      `#${heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-")}`,
  );

it.each(pages)("%s links to what is there", (page) => {
  for (const [, target = ""] of textOf(page).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
    const [path = "", anchor] = target.split("#");
    const file = path === "" ? page : join(dirname(page), path);
    expect(existsSync(join(root, file)), target).toBe(true);
    if (anchor !== undefined) expect(anchorsOf(file), target).toContain(`#${anchor}`);
  }
});

const sources = (readdirSync(join(root, "src"), { recursive: true }) as string[])
  .filter((name) => name.endsWith(".ts"))
  .map((name) => textOf(`src/${name}`));

describe("every message in docs/troubleshooting.md is one of the sources", () => {
  // Backticks cannot stand in code; what is filled in is `…`.
  const said = sources.map((text) => text.replaceAll(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, "…").replaceAll(/\\?`/g, ""));
  const messages = [...textOf("docs/troubleshooting.md").matchAll(/^\| `([^`]+)` \|/gm)].map(
    ([, message = ""]) => message,
  );

  it("has some", () => expect(messages.length).toBeGreaterThan(30));

  it.each(messages)("%s", (message) => {
    expect(said.some((text) => text.includes(message))).toBe(true);
  });
});

describe.each([
  ["promise", "docs/threat-model.md"],
  ["fault", "test/faults/README.md"],
])("every %s of %s has its test", (_, page) => {
  const named = [...textOf(page).matchAll(/`(test\/[\w./-]+)`: “(.+?)”/g)];
  const rows = (textOf(page).match(/^\| .*`test\/.* \|$/gm) ?? []).length;

  it("has some, and one a row", () => {
    expect(rows).toBeGreaterThan(25);
    expect(named.length).toBeGreaterThanOrEqual(rows);
  });

  it.each(named.map(([, file = "", name = ""]) => [name, file]))("%s", (name, file) => {
    expect(textOf(file)).toContain(name);
  });
});
