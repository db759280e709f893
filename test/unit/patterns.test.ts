// No pattern of ours takes more than linear time, whatever a guest, a server or a tool writes.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { root, textOf } from "../documentation.js";
import { suspicions } from "../linear-patterns.js";

const sources = (readdirSync(join(root, "src"), { recursive: true }) as string[])
  .filter((name) => name.endsWith(".ts"))
  .map((name) => `src/${name}`);

interface Pattern {
  readonly place: string;
  readonly source: string;
  readonly flags: string;
}

/** Literals, and texts for `new RegExp`, in which a word stands for each variable. */
function patternsOf(file: string): Pattern[] {
  const found: Pattern[] = [];
  const program = ts.createSourceFile(file, textOf(file), ts.ScriptTarget.Latest, true);
  const add = (node: ts.Node, source: string, flags: string) => {
    const line = program.getLineAndCharacterOfPosition(node.getStart()).line + 1;
    found.push({ place: `${file}:${line}`, source, flags });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isRegularExpressionLiteral(node)) {
      const end = node.text.lastIndexOf("/");
      add(node, node.text.slice(1, end), node.text.slice(end + 1));
    } else if (ts.isNewExpression(node) && node.expression.getText() === "RegExp") {
      const [text, flags] = node.arguments ?? [];
      const source = text && textIn(text);
      if (source !== undefined) add(node, source, flags !== undefined && ts.isStringLiteral(flags) ? flags.text : "");
    }
    node.forEachChild(visit);
  };
  visit(program);
  return found;
}

function textIn(node: ts.Node): string | undefined {
  const isRaw = ts.isTaggedTemplateExpression(node);
  const template = isRaw ? node.template : node;
  const said = ({ text, rawText }: ts.TemplateLiteralLikeNode) => (isRaw ? (rawText ?? text) : text);
  if (ts.isNoSubstitutionTemplateLiteral(template)) return said(template);
  if (!ts.isTemplateExpression(template)) return undefined;
  return said(template.head) + template.templateSpans.map(({ literal }) => `word${said(literal)}`).join("");
}

/** Suspected, but linear: why. */
const cleared: Readonly<Record<string, string>> = {
  "word[^/]+\\.byte$": "the word is a folder, which ends with a slash",
  // Goes with the patterns that read XML.
  "^<\\?xml[^>]*\\?>\\s*<testsuites\\b([^>]*[^>/])>\\n?(.*?)\\s*<\\/testsuites>\\s*$": "one test file, with a size",
};

describe("no pattern takes more than linear time", () => {
  const all = sources.flatMap(patternsOf);

  it("of all in the sources", () => {
    expect(all.length).toBeGreaterThan(300);
    const suspected = all.flatMap(({ place, source, flags }) =>
      source in cleared ? [] : suspicions(source, flags).map((why) => `${place} /${source}/${flags}: ${why}`),
    );
    expect(suspected).toEqual([]);
  });

  it.each([
    ["CRIT: .*\\bEL\\d .*\\btrap caught", ""],
    ["CRIT: .*\\bCrashing$", ""],
    ["Parameter '.*' is unexpected", ""],
    [":(?:WARN|INFO)(?::[^\\]\\s]+)?\\] ", "i"],
    ["^.*a.*b$", ""],
    ["^a.* b .*c", "m"],
    ["\\{(.*)\\}", ""],
  ])("such as /%s/%s", (source, flags) => expect(suspicions(source, flags)).not.toEqual([]));

  it.each([
    ["^.*Booting from ROM\\.\\.", ""],
    ['File "([^"]+)", line', ""],
    ["\\..*", ""],
    ["^a: .*b", "m"],
    ["(?<!\\r)\\r+$", ""],
    ["\\bEL\\d .{0,80}\\btrap caught", ""],
  ])("unlike /%s/%s", (source, flags) => expect(suspicions(source, flags)).toEqual([]));
});
