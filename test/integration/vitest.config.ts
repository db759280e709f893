import { readdirSync } from "node:fs";
import { defineConfig } from "vitest/config";
import { isLostUpload } from "../../src/platform/runner/cache-service.js";
import { startFromPlainEnvironment } from "../environment.js";

/** Over 20 seconds each on an idle machine: `make test` leaves them to `make test-all`. */
const long = [
  "boot",
  "build",
  "faults",
  "helper-vm",
  "job-copy",
  "layers",
  "mirage",
  "network",
  "opam-formulas",
  "store-faults",
  "toolchain",
  "xen-endings",
].map((name) => `test/integration/${name}.test.ts`);

const all = readdirSync("test/integration").filter((name) => name.endsWith(".test.ts"));
const short = all.map((name) => `test/integration/${name}`).filter((file) => !long.includes(file));

export default defineConfig({
  test: {
    provide: startFromPlainEnvironment(),
    reporters: ["default", "./test/closing-line.ts"],
    // Guards against hangs, which no busy machine reaches: real builds on two cores, beside other work.
    testTimeout: 3_600_000,
    hookTimeout: 3_600_000,
    expect: { poll: { timeout: 600_000 } },
    // As our own programs do: see src/actions/main.ts.
    onUnhandledError: (error) => !isLostUpload(Object.assign(new Error(), error)),
    projects: [
      { extends: true, test: { name: "short", include: short } },
      { extends: true, test: { name: "long", include: long } },
    ],
  },
});
