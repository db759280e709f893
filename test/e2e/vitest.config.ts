import { defineConfig } from "vitest/config";
import { startFromPlainEnvironment } from "../environment.js";

// A workflow sets up a toolchain, builds and boots: minutes on a small machine, and one at a time.
export default defineConfig({
  test: {
    provide: startFromPlainEnvironment(),
    reporters: ["default", "./test/closing-line.ts"],
    include: ["test/e2e/**/*.test.ts"],
    fileParallelism: false,
    // Guards against hangs, which no busy machine reaches.
    testTimeout: 3_600_000,
    hookTimeout: 3_600_000,
  },
});
