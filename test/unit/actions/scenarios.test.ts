import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse as parseYaml } from "yaml";
import { readInputs, type InputName, type Inputs, inputs } from "../../../src/actions/interface.js";
import { parseScenarios, readScenarios, scenarioInputs } from "../../../src/actions/scenarios.js";
import { Problem } from "../../../src/platform/problem.js";
import { newContext } from "../artifact/fixtures.js";

const step = (given: Readonly<Partial<Record<InputName, string>>> = {}): Inputs => readInputs((name) => given[name]);
const parse = (text: string, base = step()) => parseScenarios(text, base, "boots.yml");

function problemOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(Problem);
    return String(error);
  }
  return expect.fail("no problem");
}

// 16,000 brackets crashed Node: V8 compiles no regular expression when the stack is full.
it.each(["- ", "? ", "[", "{", "{a: ", "- ? ", "a: "])("%j over and over is refused, and ends nothing", (word) => {
  expect(problemOf(() => parse(word.repeat(60_000 / word.length)))).toContain(
    "boots.yml is nested deeper than 50 levels",
  );
});

it("deep indentation without nesting limits in one line is parsed", () => {
  const deep = Array.from({ length: 300 }, (_, depth) => `${" ".repeat(depth)}-\n`).join("");
  expect(problemOf(() => parse(deep))).toContain("boots.yml, line");
});

describe("the keys of scenarios", () => {
  it("are all inputs of the boot but those of the whole step", () => {
    const ofTheStep = ["target", "arch", "image", "cache", "mirror", "install-system-packages", "boot", "scenarios"];
    const ofTheBoot = (Object.keys(inputs) as InputName[]).filter((name) => inputs[name].parts.includes("boot"));
    expect([...scenarioInputs].sort()).toEqual(ofTheBoot.filter((name) => !ofTheStep.includes(name)).sort());
  });
});

describe("a scenario", () => {
  it("is parsed like the inputs of the same names", () => {
    const [scenario] = parse(`
      - name: serves
        args: --ipv4=10.0.0.2/24 --hello="a b"
        expect: listening
        forbid: |
          panic
          \\bfatal\\b
        timeout: 30
        settle: 0
        accelerator: tcg
        expect-exit: 3
        until: exit
        memory: 128
    `);
    const given = {
      args: '--ipv4=10.0.0.2/24 --hello="a b"',
      expect: "listening",
      forbid: "panic\n\\bfatal\\b",
      timeout: "30",
      settle: "0",
      accelerator: "tcg",
      "expect-exit": "3",
      until: "exit",
      memory: "128",
    };
    expect(scenario).toEqual({ name: "serves", inputs: step(given) });
  });

  it("takes unset inputs from the step", () => {
    const base = step({ expect: "ready", memory: "256", timeout: "5", settle: "1", target: "spt" });
    const [scenario] = parse("- name: a\n  timeout: 9\n", base);
    expect(scenario?.inputs).toEqual({ ...base, timeout: 9 });
  });

  it("can unset inputs of the step", () => {
    const [scenario] = parse(
      '- name: a\n  expect:\n  args: ""\n  expect-exit: []\n',
      step({ expect: "ready", args: "--x", "expect-exit": "3" }),
    );
    expect(scenario?.inputs).toMatchObject({ expect: [], args: [], expectExit: undefined });
  });

  it("takes a list of strings as lines", () => {
    const [scenario] = parse('- name: a\n  expect: [listening, "on port \\\\d+"]\n');
    expect(scenario?.inputs.expect.map(({ source }) => source)).toEqual(["listening", "on port \\d+"]);
  });

  it("takes a list of arguments word by word", () => {
    const words = ["--a=b c", "", "it's", '"', "\\n", "$HOME", "# none", "*", "é", "- x", "--y=1\n2"];
    const [scenario] = parse(`- name: a\n  args: ${JSON.stringify(words)}\n`);
    expect(scenario?.inputs.args).toEqual(words);
  });

  it.each([
    ["0777", "0777"],
    ["1.10", "1.10"],
    ["1e3", "1e3"],
    ["yes", "yes"],
    ["2026-11-22", "2026-11-22"],
    ["~", "~"],
    ['"12"', "12"],
  ])("keeps %s as written", (written, text) => {
    const [scenario] = parse(`- name: a\n  args: ${written}\n`);
    expect(scenario?.inputs.args).toEqual([text]);
  });

  it("is frozen, and so is the list", () => {
    const scenarios = parse("- name: a\n");
    expect(Object.isFrozen(scenarios)).toBe(true);
    expect(Object.isFrozen(scenarios[0])).toBe(true);
    expect(Object.isFrozen(scenarios[0]?.inputs)).toBe(true);
  });

  it("has no nested scenarios", () => {
    const [scenario] = parse("- name: a\n", step({ scenarios: "boots.yml" }));
    expect(scenario?.inputs.scenarios).toBeUndefined();
  });
});

describe("an invalid list", () => {
  it.each<[string, string, string]>([
    ["- name: a\n- timeout: 3\n", "boots.yml, line 2: a scenario has no name", "up to 60 letters"],
    ["- name: a b\n", 'boots.yml, line 1: "a b" is not a valid scenario name', "up to 60 letters"],
    ["- name: ../x\n", 'boots.yml, line 1: "../x" is not a valid scenario name', "up to 60 letters"],
    [`- name: ${"x".repeat(61)}\n`, "is not a valid scenario name", "up to 60 letters"],
    ["- name: [a]\n", "boots.yml, line 1: a list is not a valid scenario name", "up to 60 letters"],
    ["- name: a\n- name: b\n- name: a\n", "boots.yml, line 3: duplicate scenario a", "a unique name"],
    ["- name: a\n- name: A\n", "boots.yml, line 2: duplicate scenario a", "case-insensitive"],
    [
      "- name: a\n  port: 80\n",
      'boots.yml, line 2: scenario a: "port" is not a key of scenarios',
      "name, image, accelerator, args, ",
    ],
    [
      "- name: a\n  target: spt\n",
      'scenario a: "target" is not a key of scenarios',
      "name, image, accelerator, args, ",
    ],
    ["- name: a\n  __proto__: x\n", 'scenario a: "__proto__" is not a key of scenarios', "name, image, accelerator"],
    [
      "- name: a\n\n  timeout: soon\n",
      'boots.yml, line 3: scenario a: timeout: "soon" is not accepted',
      "a whole number of seconds, without the unit, from 1 to 86400",
    ],
    [
      '- name: a\n  expect: "("\n',
      'boots.yml, line 2: scenario a: expect: "(" is not accepted',
      "a regular expression",
    ],
    ['- name: a\n  args: "\'"\n', 'scenario a: args: "\'" is not accepted', "each quote closed"],
    [
      "- name: a\n  block: {storage: disk.img}\n",
      "boots.yml, line 2: scenario a: block is a mapping",
      "a list of strings",
    ],
    ["- name: a\n  block: [storage: disk.img]\n", "boots.yml, line 2: scenario a: block is a list", "quote a string"],
    ["- name: a\n  name: b\n", "boots.yml, line 2: Map keys must be unique", ""],
    ["- name: a\n  expect: a: b\n", "boots.yml, line 2: Nested mappings are not allowed", ""],
    ["- name: !!js/function x\n", "boots.yml, line 1: Unresolved tag", ""],
    ["- name: a\n---\n- name: b\n", "boots.yml, line 2: Source contains multiple documents", ""],
    [
      "- name: a\n  args: &x [b]\n- name: b\n  args: *x\n",
      "boots.yml, line 4: aliases (*x) are not supported",
      "inputs of the step",
    ],
    ["- name: a\n  __proto__: x\n", 'boots.yml, line 2: scenario a: "__proto__" is not a key of scenarios', ""],
    ["- name: a\n  constructor: x\n", 'boots.yml, line 2: scenario a: "constructor" is not a key of scenarios', ""],
    ["- a\n", "boots.yml, line 1: a scenario must be a mapping", '"a"'],
    ["-\n", "boots.yml, line 1: a scenario must be a mapping", ""],
    ["name: a\n", "boots.yml is not a list of scenarios", "a mapping"],
    ["[]", "boots.yml is not a list of scenarios", "an empty list"],
    ["# nothing\n", "boots.yml is not a list of scenarios", "- name: help"],
    [
      Array.from({ length: 101 }, (_, index) => `- name: a${index}\n`).join(""),
      "boots.yml has 101 scenarios",
      "up to 100",
    ],
    [`- name: a\n  args: ${"x".repeat(65536)}\n`, "boots.yml has 65555 bytes", "up to 65536"],
  ])("%j is refused: %s", (text, message, more) => {
    const problem = problemOf(() => parse(text));
    expect(problem).toContain(message);
    expect(problem).toContain(more);
  });
});

describe("the input scenarios", () => {
  const { host, ...doors } = newContext();
  const context = { ...doors, host };

  it("can be a list", async () => {
    const scenarios = await readScenarios(context, step({ scenarios: "- name: a\n- name: b" }));
    expect(scenarios?.map(({ name }) => name)).toEqual(["a", "b"]);
  });

  it.each(["- name: a.yml", "[{name: a}] # b.yaml", "- {name: b.yaml}"])(
    "can be a list that looks like a path: %s",
    async (text) => {
      expect(await readScenarios(context, step({ scenarios: text }))).toHaveLength(1);
    },
  );

  it.each(["boots.yml", "test/my boots.YAML"])("can be a file in the workspace: %s", async (path) => {
    mkdirSync(join(host.folders.workspace, "test"), { recursive: true });
    writeFileSync(join(host.folders.workspace, path), "- name: c\n  timeout: x\n");
    await expect(readScenarios(context, step({ scenarios: path }))).rejects.toThrow(
      `${path}, line 2: scenario c: timeout: "x" is not accepted`,
    );
    writeFileSync(join(host.folders.workspace, path), "- name: c\n");
    expect(await readScenarios(context, step({ scenarios: path }))).toMatchObject([{ name: "c" }]);
  });

  it("names a missing file in the error", async () => {
    await expect(readScenarios(context, step({ scenarios: "absent.yml" }))).rejects.toThrow(
      "input scenarios: absent.yml cannot be read",
    );
  });

  it("is named with the line of an error", async () => {
    await expect(readScenarios(context, step({ scenarios: "- name: a\n  memory: 0" }))).rejects.toThrow(
      'input scenarios, line 2: scenario a: memory: "0" is not accepted',
    );
  });

  it("is optional", async () => {
    expect(await readScenarios(context, step())).toBeUndefined();
  });
});

describe("the images of a scenario", () => {
  const imagesOf = (text: string) => parse(text).map(({ images }) => images);

  it("are those that it names, in one line or several", () => {
    expect(imagesOf("- { name: a, image: www.hvt }\n- { name: b, image: [www.hvt, dist/dns.hvt] }\n")).toEqual([
      ["www.hvt"],
      ["www.hvt", "dist/dns.hvt"],
    ]);
  });

  it.each(["- name: a\n", '- { name: a, image: "" }\n', "- { name: a, image: [] }\n"])(
    "are all by default: %j",
    (text) => {
      expect(imagesOf(text)).toEqual([undefined]);
    },
  );

  it("do not become the step’s input", () => {
    const [scenario] = parse("- { name: a, image: www.hvt }\n", step({ image: "dist/www.hvt\ndist/dns.hvt" }));
    expect(scenario?.inputs.image).toBe("dist/www.hvt\ndist/dns.hvt");
  });
});

describe("docs/scenarios.md", () => {
  const docs = readFileSync(new URL("../../../docs/scenarios.md", import.meta.url), "utf8");

  it("has an example that parses", () => {
    const [, example = ""] = /```yaml\n([^]*?)```/.exec(docs) ?? [];
    const [{ with: given }] = parseYaml(example) as [{ with: Record<string, string | number> }];
    const base = readInputs((name) => given[name]?.toString());
    const scenarios = parseScenarios(base.scenarios ?? "", base, "docs");
    expect(scenarios.map(({ name }) => name)).toEqual(["serves", "refuses-a-bad-port", "help"]);
    expect(scenarios[1]?.inputs).toMatchObject({ args: ["--port", "not a number"], expectExit: 64, timeout: 30 });
  });

  it("lists the keys", () => {
    const [, list = ""] = /any of these inputs of `boot`: ([^.]*)\./.exec(docs) ?? [];
    expect([...list.matchAll(/`([^`]+)`/g)].map(([, name]) => name)).toEqual(scenarioInputs);
  });
});
