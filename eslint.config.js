import js from "@eslint/js";
import regexp from "eslint-plugin-regexp";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist/", "lib/", "node_modules/", ".cache/", "_artifacts/"] },
  js.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
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
