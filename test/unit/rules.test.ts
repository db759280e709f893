// The rules of docs/architecture.md that neither a linter nor `npm run arrows` sees.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { interfaces } from "../../scripts/action-files.js";
import { camelCase } from "../../src/actions/definition.js";
import { targetNames } from "../../src/target/target.js";
import { pages, root, textOf } from "../documentation.js";

const filesIn = (folder: string): string[] =>
  (readdirSync(join(root, folder), { recursive: true }) as string[])
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `${folder}/${name}`);
const sources = filesIn("src");

/** Every node of a source with what it is in, from the innermost. */
function* nodesOf(file: string): Generator<readonly [node: ts.Node, around: readonly ts.Node[]]> {
  function* below(node: ts.Node, around: readonly ts.Node[]): Generator<readonly [ts.Node, readonly ts.Node[]]> {
    yield [node, around];
    const children: ts.Node[] = [];
    node.forEachChild((child) => void children.push(child));
    for (const child of children) yield* below(child, [node, ...around]);
  }
  yield* below(ts.createSourceFile(file, textOf(file), ts.ScriptTarget.Latest), []);
}

const placeOf = (file: string, node: ts.Node) => `${file}:${textOf(file).slice(0, node.pos).split("\n").length}`;

describe("every input", () => {
  const names = [...new Set(Object.values(interfaces).flatMap(({ inputs }) => Object.keys(inputs)))];
  const textIn = (files: readonly string[]) => files.map(textOf).join("\n");
  const code = textIn(sources.filter((file) => !file.endsWith("interface.ts")));
  // Its own tables name each input, and so do the tests of those.
  const docs = textIn(pages.filter((page) => page !== "docs/inputs.md")).replaceAll(
    /<!-- (\S+): .*?<!-- end of \1 -->/gs,
    "",
  );
  const tests = textIn(filesIn("test").filter((file) => !/interface|rules\.test/.test(file)));

  it("is one of many", () => expect(names.length).toBeGreaterThan(60));

  it.each(names)("is in the code, in a page that says when to use it, and in a test: %s", (name) => {
    const [dashed, camel] = [name, camelCase(name)];
    const has = (text: string, pattern: string) => new RegExp(pattern, "m").test(text);
    expect(has(code, `\\.${camel}\\b|\\b${camel}\\b[,:]? |["']${dashed}["']`), "code").toBe(true);
    expect(has(docs, `\`${dashed}\`|\`${dashed}: |--${dashed}\\b|^\\s*(- )?${dashed}:`), "docs").toBe(true);
    expect(
      has(
        tests,
        `--${dashed}\\b|["']${dashed}["']|\\b${dashed}: |\\b${camel}: |\\b${camel}\\b,|INPUT_${dashed.toUpperCase()}\\b`,
      ),
      "tests",
    ).toBe(true);
  });
});

describe("no module", () => {
  /** These begin when they are loaded: they are what runs. */
  const entries = /^src\/actions\/[a-z]+\.ts$/;

  it("reads the environment when it is imported", () => {
    const isDeferred = (around: readonly ts.Node[]) => around.some((node) => ts.isFunctionLike(node));
    const reading = sources
      .filter((file) => !entries.test(file))
      .flatMap((file) =>
        [...nodesOf(file)].flatMap(([node, around]) => {
          const isEnvironment =
            ts.isPropertyAccessExpression(node) &&
            /^process\.(env|argv|cwd)$/.test(textOf(file).slice(node.pos, node.end).trim());
          return isEnvironment && !isDeferred(around) ? [placeOf(file, node)] : [];
        }),
      );
    expect(reading).toEqual([]);
  });

  it("but the table of targets decides by a target’s name", () => {
    const isName = (node: ts.Node) =>
      ts.isStringLiteral(node) && (targetNames as readonly string[]).includes(node.text);
    const isComparison = (node: ts.Node) =>
      ts.isBinaryExpression(node) &&
      [ts.SyntaxKind.EqualsEqualsEqualsToken, ts.SyntaxKind.ExclamationEqualsEqualsToken].includes(
        node.operatorToken.kind,
      );
    const deciding = sources
      .filter((file) => !file.startsWith("src/target/"))
      .flatMap((file) =>
        [...nodesOf(file)].flatMap(([node]) => {
          const compares =
            isComparison(node) &&
            [(node as ts.BinaryExpression).left, (node as ts.BinaryExpression).right].some(isName);
          return compares || (ts.isCaseClause(node) && isName(node.expression)) ? [placeOf(file, node)] : [];
        }),
      );
    expect(deciding).toEqual([]);
  });
});

// lib/ is there only after a build, so that no other tool follows these imports.
it("what a benchmark imports of lib/ has its source", () => {
  const benchmarks = readdirSync(join(root, "test/bench")).filter((name) => name.endsWith(".mjs"));
  const imported = benchmarks.flatMap((name) =>
    [...textOf(`test/bench/${name}`).matchAll(/["']\.\.\/\.\.\/lib\/(\S+)\.js["']/g)].map(
      ([, path]) => `${path ?? ""}.ts`,
    ),
  );
  expect(imported.length).toBeGreaterThan(0);
  expect(imported.filter((file) => !existsSync(join(root, file)))).toEqual([]);
});
