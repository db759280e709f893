import { join } from "node:path";
import ts from "typescript";
import { root } from "../documentation.js";
import { type Change, changed as withChange } from "./marks.js";

/** `Cannot find name`, with a guess and without. What is unused, or has another type, runs all the same. */
const unknownName = [2304, 2552];

/**
 * Checks whether a source without a protection is still a program: one that is not fails every test.
 *
 * @returns of each change why it is none; undefined when it is.
 */
export function programChecker(): (change: Change) => string | undefined {
  const { config } = ts.readConfigFile(join(root, "tsconfig.json"), (path) => ts.sys.readFile(path)) as {
    readonly config: object;
  };
  const { fileNames, options } = ts.parseJsonConfigFileContent({ ...config, include: ["src"] }, ts.sys, root);
  const changed = { path: "", text: "", version: 0 };
  const service = ts.createLanguageService({
    ...ts.sys,
    useCaseSensitiveFileNames: () => true,
    getScriptFileNames: () => fileNames,
    getScriptVersion: (path) => (path === changed.path ? String(changed.version) : "0"),
    getScriptSnapshot: (path) => {
      const text = path === changed.path ? changed.text : ts.sys.readFile(path);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    getCurrentDirectory: () => root,
    getCompilationSettings: () => options,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
  });
  return (change) => {
    if (!/^src\/.*\.ts$/.test(change.file)) return undefined;
    const path = join(root, change.file);
    Object.assign(changed, {
      path,
      text: withChange(ts.sys.readFile(path) ?? "", change),
      version: changed.version + 1,
    });
    const unknown = service.getSemanticDiagnostics(path).filter(({ code }) => unknownName.includes(code));
    const [first] = [...service.getSyntacticDiagnostics(path), ...unknown];
    return first === undefined ? undefined : ts.flattenDiagnosticMessageText(first.messageText, " ");
  };
}
