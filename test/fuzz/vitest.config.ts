import { defineConfig } from "vitest/config";
import { startFromPlainEnvironment } from "../environment.js";

export default defineConfig({
  test: {
    provide: startFromPlainEnvironment(),
    include: ["test/fuzz/**/*.test.ts"],
    reporters: ["default", "./test/closing-line.ts"],
    fileParallelism: false,
    // A target's own time ends it; this is for one that hangs.
    testTimeout: 24 * 60 * 60_000,
  },
});
