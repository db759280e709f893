import { defineConfig } from "vitest/config";
import { isLostUpload } from "../../src/platform/runner/actions-cache.js";

export default defineConfig({
  test: {
    reporters: ["default", "./test/closing-line.ts"],
    include: ["test/integration/**/*.test.ts"],
    // A guard against hangs, which no busy machine reaches: real builds on two cores, beside other work.
    testTimeout: 600_000,
    expect: { poll: { timeout: 100_000 } },
    hookTimeout: 600_000,
    // As our own programs do: see src/platform/runner/actions-cache.ts.
    onUnhandledError: (error) => !isLostUpload(Object.assign(new Error(), error)),
  },
});
