// The marks in the code: a comment `promise: ID` before what keeps a promise. They survive a formatter and moved code.
import { readdirSync } from "node:fs";
import ts from "typescript";
import { root, textOf } from "../documentation.js";
import type { MarkedPiece, Piece } from "./protection.js";

/** One place of a file, and what stands there without the protection. */
export interface Change {
  /** Relative to the repository. */
  readonly file: string;
  readonly start: number;
  readonly end: number;
  readonly to: string;
}

export interface Mark {
  readonly id: string;
  readonly file: string;
  /** Undefined when nothing begins after the mark. */
  readonly node: ts.Node | undefined;
}

const logical = new Set([
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.AmpersandAmpersandToken,
  ts.SyntaxKind.QuestionQuestionToken,
] as ts.SyntaxKind[]);
const comment = /(?:\/\*|\/\/) promise: ([a-z\d-]+)(?: \*\/|$)/gm;

/** The marks of a text in TypeScript. */
export function marksOf(file: string, text: string): Mark[] {
  const found = [...text.matchAll(comment)];
  if (found.length === 0) return [];
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  return found.map(({ 1: id = "", index }) => ({ id, file, node: nodeAfter(source, index) }));
}

export const marks: readonly Mark[] = (readdirSync(`${root}/src`, { recursive: true }) as string[])
  .filter((name) => name.endsWith(".ts"))
  .flatMap((name) => marksOf(`src/${name}`, textOf(`src/${name}`)));

/** The largest piece that begins after a comment, except that of `a || b` and `a ? b : c` it is `a`. */
function nodeAfter(source: ts.SourceFile, comment: number): ts.Node | undefined {
  const visit = (node: ts.Node): ts.Node | undefined => {
    if (comment < node.pos || comment >= node.end || node.kind === ts.SyntaxKind.EndOfFileToken) return undefined;
    return comment < node.getStart(source) ? node : ts.forEachChild(node, visit);
  };
  let node = ts.forEachChild(source, visit);
  for (let first = node; first !== undefined; first = firstOf(first)) node = first;
  return node;
}

function firstOf(node: ts.Node): ts.Node | undefined {
  if (isLogical(node)) return node.left;
  if (ts.isConditionalExpression(node)) return node.condition;
  return ts.isTemplateSpan(node) ? node.expression : undefined;
}

function isLogical(node: ts.Node): node is ts.BinaryExpression {
  return ts.isBinaryExpression(node) && logical.has(node.operatorToken.kind);
}

/**
 * The change that takes a piece out.
 *
 * @throws Error for a mark or a text that is not there exactly once, and for a mark that needs an `instead`.
 */
export function changeWithout(piece: Piece): Change {
  if (typeof piece === "object" && "file" in piece) {
    const { file, from, to } = piece;
    const [before = "", ...rest] = textOf(file).split(from);
    if (rest.length !== 1) throw new Error(`${file} has ${rest.length} times: ${from}`);
    return { file, start: before.length, end: before.length + from.length, to };
  }
  const { mark: id, instead }: { mark: string; instead?: MarkedPiece["instead"] } =
    typeof piece === "string" ? { mark: piece } : piece;
  const [mark, another] = marks.filter((one) => one.id === id);
  if (mark === undefined) throw new Error(`src/ has no mark "promise: ${id}"`);
  if (another !== undefined) throw new Error(`${mark.file} and ${another.file} have the mark "promise: ${id}"`);
  return changeAt(mark, instead);
}

/** What stands in the place of a mark. */
export function changeAt({ id, file, node }: Mark, instead?: MarkedPiece["instead"]): Change {
  if (node === undefined) throw new Error(`${file}: nothing begins after the mark "promise: ${id}"`);
  const [start, text] = [node.getStart(), node.getText()];
  if (instead !== undefined)
    return { file, start, end: node.end, to: typeof instead === "string" ? instead : instead(text) };
  const to = usualInstead(node);
  if (to === undefined) throw new Error(`${file}: the mark "promise: ${id}" has no usual \`instead\` here`);
  const comma = to === "" ? /^\s*,/.exec(node.getSourceFile().text.slice(node.end)) : null;
  return { file, start, end: node.end + (comma?.[0].length ?? 0), to };
}

/** What stands usually where a protection is missing; empty for an element, a property and an argument. */
function usualInstead(node: ts.Node): string | undefined {
  const { parent } = node;
  if (isLogical(parent))
    return { [ts.SyntaxKind.BarBarToken]: "false", [ts.SyntaxKind.AmpersandAmpersandToken]: "true" }[
      parent.operatorToken.kind as number
    ];
  if ((ts.isIfStatement(parent) || ts.isWhileStatement(parent)) && parent.expression === node) return "false";
  if (ts.isConditionalExpression(parent) && parent.condition === node) return "false";
  if (ts.isStatement(node)) return ts.isDeclarationStatement(node) || ts.isVariableStatement(node) ? undefined : ";";
  const isElement =
    ts.isObjectLiteralElementLike(node) ||
    ts.isArrayLiteralExpression(parent) ||
    (ts.isCallExpression(parent) && parent.arguments.some((argument) => argument === node));
  return isElement ? "" : undefined;
}

export const changed = (text: string, { start, end, to }: Change): string =>
  text.slice(0, start) + to + text.slice(end);
