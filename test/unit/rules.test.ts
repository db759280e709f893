// The rules of docs/architecture.md that neither a linter nor `npm run arrows` sees.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { interfaces } from "../../scripts/action-files.js";
import { camelCase } from "../../src/actions/definition.js";
import { targetNames } from "../../src/targets/targets.js";
import { pages, root, textOf } from "../documentation.js";

const filesIn = (folder: string): string[] =>
  (readdirSync(join(root, folder), { recursive: true }) as string[])
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `${folder}/${name}`);
const sources = filesIn("src");

/** Every node of the sources with such words, each with its parents. Only these are parsed: all would take seconds. */
function nodesWhere(words: RegExp): ts.Node[] {
  return sources
    .filter((file) => words.test(textOf(file)))
    .flatMap((file) => {
      const all: ts.Node[] = [];
      const visit = (node: ts.Node): void => {
        all.push(node);
        node.forEachChild(visit);
      };
      visit(ts.createSourceFile(file, textOf(file), ts.ScriptTarget.Latest, true));
      return all;
    });
}

const placeOf = (node: ts.Node) => {
  const file = node.getSourceFile();
  return `${file.fileName}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
};

describe("every input", () => {
  const names = [...new Set(Object.values(interfaces).flatMap(({ inputs }) => Object.keys(inputs)))];
  const textIn = (files: readonly string[]) => files.map(textOf).join("\n");
  const code = textIn(sources.filter((file) => !file.endsWith("interface.ts")));
  // Its own tables name each input, and so do the tests of those.
  const docs = textIn(pages.filter((page) => page !== "docs/inputs.md")).replaceAll(
    /<!-- ([^:\n]+): .*?<!-- end of \1 -->/gs,
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
        `--${dashed}\\b|["']${dashed}["']|\\b${dashed}: |` +
          `\\b${camel}: |\\b${camel}\\b,|INPUT_${dashed.toUpperCase()}\\b`,
      ),
      "tests",
    ).toBe(true);
  });
});

describe("no module", () => {
  /** These begin when they are loaded: they are what runs. */
  const entries = /^src\/actions\/entries\/[a-z]+\.ts:/;

  it("reads the environment when it is imported", () => {
    const isDeferred = (node: ts.Node) => ts.findAncestor(node, ts.isFunctionLike) !== undefined;
    const isEnvironment = (node: ts.Node) =>
      ts.isPropertyAccessExpression(node) && /^process\s*\.\s*(env|argv|cwd)$/.test(node.getText());
    const reading = nodesWhere(/\bprocess\s*\.\s*(env|argv|cwd)\b/)
      .filter((node) => isEnvironment(node) && !isDeferred(node))
      .map(placeOf)
      .filter((place) => !entries.test(place));
    expect(reading).toEqual([]);
  });

  it("but the table of targets decides by a target’s name", () => {
    const isName = (node: ts.Node) =>
      ts.isStringLiteral(node) && (targetNames as readonly string[]).includes(node.text);
    const isComparison = (node: ts.Node): node is ts.BinaryExpression =>
      ts.isBinaryExpression(node) &&
      [ts.SyntaxKind.EqualsEqualsEqualsToken, ts.SyntaxKind.ExclamationEqualsEqualsToken].includes(
        node.operatorToken.kind,
      );
    const decides = (node: ts.Node) =>
      (isComparison(node) && [node.left, node.right].some(isName)) ||
      (ts.isCaseClause(node) && isName(node.expression));
    const deciding = nodesWhere(new RegExp(`["'\`](${targetNames.join("|")})["'\`]`))
      .filter(decides)
      .map(placeOf)
      .filter((place) => !place.startsWith("src/targets/"));
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
