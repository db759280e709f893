import { defineConfig } from "vitest/config";
import { startFromPlainEnvironment } from "../environment.js";

/** What run.ts was asked for. */
export interface Asked {
  readonly minutes: number;
  readonly seed: number;
  readonly only: string;
  /** Only attacks that a seed repeats. */
  readonly generated: boolean;
  readonly times: number | undefined;
}

declare module "vitest" {
  export interface ProvidedContext {
    readonly attack: Asked;
  }
}

const { ATTACK: asked } = process.env;

export default defineConfig({
  test: {
    provide: {
      ...startFromPlainEnvironment(),
      attack: JSON.parse(asked ?? '{"minutes":1,"seed":1,"only":"","generated":false}') as Asked,
    },
    include: ["test/attack/**/*.test.ts"],
    reporters: ["default", "./test/closing-line.ts"],
    // The time of each kind ends it, and run.ts ends one that hangs.
    testTimeout: 24 * 60 * 60_000,
  },
});
