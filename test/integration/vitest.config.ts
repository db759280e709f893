import { defineConfig } from "vitest/config";
import { isLostUpload } from "../../src/platform/runner/actions-cache.js";

export default defineConfig({
  test: {
    reporters: ["default", "./test/closing-line.ts"],
    include: ["test/integration/**/*.test.ts"],
    // Real builds on machines with two cores.
    testTimeout: 180_000,
    hookTimeout: 60_000,
    // As our own programs do: see src/platform/runner/actions-cache.ts.
    onUnhandledError: (error) => !isLostUpload(Object.assign(new Error(), error)),
  },
});
