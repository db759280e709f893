import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/fuzz/**/*.test.ts"],
    reporters: ["default", "./test/closing-line.ts"],
    fileParallelism: false,
    // A target's own time ends it; this is for one that hangs.
    testTimeout: 24 * 60 * 60_000,
  },
});
