import js from "@eslint/js";
import regexp from "eslint-plugin-regexp";
import tseslint from "typescript-eslint";

/** `$&` and its like in a replacement are patterns, also where a path or a user's word has them by chance. */
const replacements = {
  meta: { type: "problem", messages: { string: "replace by a function, `() => text`: `$` is a pattern in a string" } },
  create: (context) => ({
    "CallExpression[callee.property.name=/^replace(All)?$/][arguments.length=2]": ({ arguments: [, by] }) => {
      const literal = { Literal: by.value, TemplateLiteral: by.expressions?.length === 0 && by.quasis[0].value.raw }[
        by.type
      ];
      if (typeof literal === "string" && !literal.includes("$")) return;
      const isFunction = context.sourceCode.parserServices.getTypeAtLocation(by).getCallSignatures().length > 0;
      if (!isFunction) context.report({ node: by, messageId: "string" });
    },
  }),
};

export default tseslint.config(
  { ignores: ["dist/", "lib/", "node_modules/", ".cache/", "_artifacts/"] },
  js.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked],
    plugins: { own: { rules: { replacements } } },
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      "own/replacements": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
    },
  },
  {
    // A guest, a server or a tool writes what patterns read. What these rules miss: test/unit/patterns.test.ts.
    files: ["src/**/*.ts"],
    plugins: { regexp },
    rules: {
      "regexp/no-super-linear-backtracking": "error",
      "regexp/no-super-linear-move": ["error", { ignoreSticky: true }],
    },
  },
  // Prettier breaks code, but no comment and no string.
  { rules: { "max-len": ["error", { code: 120, ignoreUrls: true, ignoreRegExpLiterals: true }] } },
  // What is longer is two things. The exception is a table, one row an input.
  { files: ["src/**/*.ts"], ignores: ["src/actions/interface.ts"], rules: { "max-lines": ["error", 300] } },
  {
    // One file writes to standard output and standard error: a second way out would not be guarded.
    files: ["src/**/*.ts"],
    ignores: ["src/platform/runner/standard-streams.ts"],
    rules: {
      "no-console": "error",
      "no-restricted-properties": [
        "error",
        ...["stdout", "stderr"].map((property) => ({
          object: "process",
          property,
          message: "write to a Log, or see src/platform/runner/standard-streams.ts",
        })),
      ],
      "no-restricted-imports": [
        "error",
        {
          paths: [
            { name: "node:process", message: "use the global `process`" },
            {
              name: "@actions/core",
              importNames: ["debug", "info", "notice", "warning", "error", "setFailed", "startGroup", "group"],
              message: "write to a Log",
            },
          ],
        },
      ],
    },
  },
  {
    files: ["**/*.mjs", "**/*.js"],
    languageOptions: { globals: { Buffer: "readonly", process: "readonly", console: "readonly" } },
  },
);
