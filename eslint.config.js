import js from "@eslint/js";
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
  // Prettier breaks code, but no comment and no string.
  { rules: { "max-len": ["error", { code: 120, ignoreUrls: true, ignoreRegExpLiterals: true }] } },
  // What is longer is two things. The exception is a table, one row an input.
  { files: ["src/**/*.ts"], ignores: ["src/actions/interface.ts"], rules: { "max-lines": ["error", 300] } },
  {
    files: ["**/*.mjs", "**/*.js"],
    languageOptions: { globals: { Buffer: "readonly", process: "readonly", console: "readonly" } },
  },
);
