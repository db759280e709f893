import { defineConfig } from "vitest/config";

// A workflow sets up a toolchain, builds and boots: minutes on a small machine, and one at a time.
export default defineConfig({
  test: {
    reporters: ["default", "./test/closing-line.ts"],
    include: ["test/e2e/**/*.test.ts"],
    fileParallelism: false,
    testTimeout: 20 * 60_000,
    hookTimeout: 5 * 60_000,
  },
});
