import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { inputNamesOf, interfaces } from "../../../scripts/action-files.js";
import { contentOf, generatedFiles } from "../../../scripts/generate.js";
import { interfaceTables } from "../../../scripts/tables.js";
import { collectInputs, collectOutputs } from "../../../src/actions/collect-interface.js";
import type { InputDefinition } from "../../../src/actions/definition.js";
import {
  readInputs,
  type InputName,
  inputNames,
  inputs,
  inputsMarked,
  outputs,
  parts,
} from "../../../src/actions/interface.js";
import { matrixInputs } from "../../../src/actions/matrix-interface.js";
import { imagePaths } from "../../../src/actions/parsers.js";
import { releaseInputs, releaseOutputs } from "../../../src/actions/release-interface.js";

interface ActionFile {
  readonly inputs: Readonly<Record<string, { readonly description: string; readonly default: unknown }>>;
  readonly outputs: Readonly<Record<string, { readonly value?: string }>>;
  readonly runs: { readonly steps?: readonly Step[]; readonly main?: string; readonly using: string };
}

interface Step {
  readonly id: string;
  readonly uses: string;
  readonly if?: string;
  readonly with: Readonly<Record<string, string>>;
}

const action = (path: string) => parse(contentOf(path)) as ActionFile;

describe("the generated files", () => {
  it.each([...generatedFiles()])("%s is what `npm run generate` writes", (path, content) => {
    expect(contentOf(path)).toBe(content);
  });

  it("a page without a marker is refused", () => {
    expect(() => interfaceTables("# no markers")).toThrow("a page has no line `<!-- inputs");
  });
});

describe("the root action", () => {
  const root = action("action.yml");
  const steps = root.runs.steps ?? [];

  it("has every input, with its default as a string", () => {
    expect(Object.keys(root.inputs)).toEqual(Object.keys(inputs));
    for (const [name, input] of Object.entries(root.inputs)) {
      expect(input.default, name).toBe(inputs[name as keyof typeof inputs].default);
    }
  });

  it("runs the parts in their order, at the commit of the root action", () => {
    expect(steps.map((step) => step.uses)).toEqual(parts.map((part) => `$/${part}`));
  });

  it.each(parts)("passes every input of %s on", (part) => {
    const step = steps.find(({ id }) => id === part);
    expect(Object.keys(step?.with ?? {})).toEqual(inputNamesOf(part));
    for (const [name, value] of Object.entries(step?.with ?? {})) {
      if (name === "image" && part !== "build") expect(value).toBe("${{ steps.build.outputs.images }}");
      else expect(value).toBe(`\${{ inputs.${name} }}`);
    }
  });

  it("leaves no input unused", () => {
    const used = new Set(steps.flatMap((step) => Object.keys(step.with)));
    expect(Object.keys(inputs).filter((name) => !used.has(name))).toEqual([]);
  });

  it("takes every output from its part", () => {
    for (const [name, { part }] of Object.entries(outputs)) {
      expect(root.outputs[name]?.value).toBe(`\${{ steps.${part}.outputs.${name} }}`);
    }
    expect(Object.keys(root.outputs)).toEqual(Object.keys(outputs));
  });

  it("publishes after a failed boot, and not after a failed build", () => {
    expect(steps.find(({ id }) => id === "publish")?.if).toBe(
      "${{ !cancelled() && steps.build.outcome == 'success' }}",
    );
  });
});

describe.each(parts)("the action %s", (part) => {
  const { runs, inputs: own } = action(`${part}/action.yml`);

  it("runs its bundle, and takes only its inputs", () => {
    const bundle = `../dist/${part}/index.js`;
    // build saves its caches at the end of a successful job.
    const atTheEnd = part === "build" ? { post: bundle, "post-if": "success()" } : {};
    expect(runs).toEqual({ using: "node24", main: bundle, ...atTheEnd });
    expect(Object.keys(own)).toEqual(inputNamesOf(part));
  });
});

interface Types {
  readonly inputs: Readonly<Record<string, Typing>>;
  readonly outputs: Readonly<Record<string, Typing>>;
}

interface Typing {
  readonly type: string;
  readonly separator?: string;
  readonly "list-item"?: Typing;
  readonly "allowed-values"?: readonly string[];
}

const generatedIn = (page: string, marker: string) =>
  new RegExp(`<!-- ${marker}: .*? -->(.*?)<!-- end of ${marker} -->`, "s").exec(contentOf(page))?.[1] ?? "";

/** The names in the first column of each generated table of a page. */
function tableOf(page: string, marker: string): string[] {
  return [...generatedIn(page, marker).matchAll(/^\| `([\w-]+)` \|/gm)].map(([, name = ""]) => name);
}

describe.each(Object.entries(interfaces))('action-types.yml in "%s"', (folder, { inputs: taken, outputs: given }) => {
  const own = action(join(folder, "action.yml"));
  const types = parse(contentOf(join(folder, "action-types.yml"))) as Types;

  it("has the inputs and outputs of action.yml and the code", () => {
    expect(Object.keys(types.inputs)).toEqual(Object.keys(own.inputs));
    expect(Object.keys(types.inputs)).toEqual(Object.keys(taken));
    expect(Object.keys(types.outputs)).toEqual(Object.keys(own.outputs));
    expect(Object.keys(types.outputs)).toEqual(Object.keys(given));
  });

  it("has the format that generators read", () => {
    for (const typing of [...Object.values(types.inputs), ...Object.values(types.outputs)]) {
      const { type, ...rest } = typing;
      expect(["string", "boolean", "integer", "enum", "list"]).toContain(type);
      if (type === "enum")
        expect(rest).toEqual({ "allowed-values": expect.arrayContaining([expect.any(String)]) as unknown });
      else expect(rest).toEqual(type === "list" ? { separator: "\n", "list-item": { type: "string" } } : {});
    }
  });

  it("names only values that the code accepts", () => {
    const samples: Readonly<Record<string, readonly string[]>> = {
      boolean: ["true", "false"],
      integer: ["1"],
      list: [""],
    };
    for (const [name, { type, "allowed-values": allowed }] of Object.entries(types.inputs)) {
      for (const value of allowed ?? samples[type] ?? [])
        expect(() => taken[name]?.parse(value), `${name}: ${value}`).not.toThrow();
      if (allowed !== undefined) expect(() => taken[name]?.parse("another"), name).toThrow();
    }
  });

  it("allows the defaults of action.yml", () => {
    for (const [name, { "allowed-values": allowed }] of Object.entries(types.inputs)) {
      const byDefault = own.inputs[name]?.default;
      if (allowed !== undefined && byDefault !== "") expect(allowed, name).toContain(byDefault);
    }
  });
});

describe("the tables of the documentation", () => {
  it.each([
    ["docs/inputs.md", "outputs", Object.keys(outputs)],
    ["docs/inputs.md", "collect-inputs", Object.keys(collectInputs)],
    ["docs/inputs.md", "collect-outputs", Object.keys(collectOutputs)],
    ["docs/matrix.md", "inputs", Object.keys(matrixInputs)],
    ["docs/releases.md", "inputs", Object.keys(releaseInputs)],
    ["docs/releases.md", "outputs", Object.keys(releaseOutputs)],
  ])("%s has all %s", (page, marker, names) => {
    expect(tableOf(page, marker).sort()).toEqual(names.toSorted());
  });

  it("docs/inputs.md shows all inputs as YAML, each with its default and behind its description", () => {
    const blocks = [...generatedIn("docs/inputs.md", "inputs").matchAll(/^```yaml\n(.*?)^```$/gms)];
    const shown = Object.assign({}, ...blocks.map(([, text = ""]) => parse(text) as object)) as object;
    expect(Object.entries(shown).map(([name, value]) => [name, String(value)])).toEqual(
      expect.arrayContaining(Object.entries(inputs).map(([name, { default: value }]) => [name, value])),
    );
    expect(Object.keys(shown)).toHaveLength(Object.keys(inputs).length);
    const words = blocks.map(([, text = ""]) => text.replaceAll(/\n# /g, " ")).join("\n");
    for (const { description } of Object.values(inputs)) expect(words).toContain(description);
  });
});

describe("the defaults", () => {
  it("are accepted by their own parsers", () => {
    expect(readInputs(() => undefined)).toMatchObject({ target: undefined, boot: "auto", timeout: 60, artifact: true });
  });
});

it("words longer than Linux accepts are refused before they are split, and shortened in the error", () => {
  const read = () => readInputs((name) => (name === "args" ? '"x'.repeat(80_000) : undefined));
  expect(read).toThrow(/^input args: .{1,100} is not accepted$/);
});

it.each<[string | undefined, readonly string[]]>([
  [undefined, []],
  ["dist/www.hvt", ["dist/www.hvt"]],
  ["dist/www.hvt\r\n\n  dist/dns.hvt\n", ["dist/www.hvt", "dist/dns.hvt"]],
  ['["/w/a b.hvt","/w/#c.hvt"]', ["/w/a b.hvt", "/w/#c.hvt"]],
  ["[ab].hvt", ["[ab].hvt"]],
  ["[1]", ["[1]"]],
])("the paths of images in %j are %j", (text, paths) => {
  expect(imagePaths(text)).toEqual(paths);
});

describe("the marks", () => {
  it("repeat a boot by hand with all its inputs but those of the step", () => {
    const ofTheStep = ["image", "cache", "mirror", "install-system-packages", "scenarios"];
    const ofTheBoot = inputNames.filter((name) => inputs[name].parts.some((part) => part === "boot"));
    const repeating: readonly string[] = [...inputsMarked("repeat"), ...inputsMarked("scenario")];
    expect([...repeating].sort()).toEqual(ofTheBoot.filter((name) => !ofTheStep.includes(name)).sort());
  });

  it("give `explain` only inputs of the boot", () => {
    for (const name of inputsMarked("explain")) expect(inputs[name].parts).toContain("boot");
  });
});

describe("a value, written as a string", () => {
  const texts: Partial<Record<InputName, string>> = {
    arch: "arm64",
    args: `--ipv4=10.0.0.2/24 'a b' "it's"`,
    expect: "^listening on port \\d+$\n# not a comment",
    "expect-exit": "3",
    memory: "32",
    net: "service: tap host=10.0.7.1/24",
    block: "storage: scratch, size=4MiB",
    probe: "tcp://:8080\nhttp://:80/ status=200 body=/a b/",
    lock: "require",
    slim: "True",
    "opam-repositories": "# ours\na: file:///a\nb: file:///b",
  };

  it.each(Object.entries(texts) as [InputName, string][])("of %s parses to the same value: %s", (name, text) => {
    const { parse }: InputDefinition<unknown> = inputs[name];
    expect(parse(parse.write(parse(text)))).toEqual(parse(text));
  });

  it("is empty if it is undefined", () => {
    expect(inputs.target.parse.write(undefined)).toBe("");
  });
});
