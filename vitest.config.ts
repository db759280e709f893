import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/unit/**/*.test.ts"],
    reporters: ["default", "./test/closing-line.ts"],
    // A guard against hangs, which no busy machine reaches.
    testTimeout: 120_000,
    expect: { poll: { timeout: 100_000 } },
    hookTimeout: 120_000,
  },
});
