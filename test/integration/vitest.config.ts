import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    reporters: ['default', './test/closing-line.ts'],
    include: ['test/integration/**/*.test.ts'],
    // Real builds on machines with two cores.
    testTimeout: 180_000,
    hookTimeout: 60_000,
  },
})
