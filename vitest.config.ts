import { availableParallelism } from "node:os";
import { readFileSync, readdirSync } from "node:fs";
import { defineConfig } from "vitest/config";
import { startFromPlainEnvironment } from "./test/environment.js";

// What changes or measures its process, or serves others. A read of PATH does neither.
const needsItsOwnProcess =
  /\bvi\.|\bprocess\.(env\b(?!\["PATH"\](?! =))|(chdir|on|once|emit|exit|kill|umask|cpuUsage|memoryUsage)\b)|processorMs|node:(http|net|dgram|tls)"/;
const files = readdirSync("test/unit", { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".test.ts"))
  .map((name) => `test/unit/${name}`);
const own = files.filter((file) => needsItsOwnProcess.test(readFileSync(file, "utf8")));
const shared = files.filter((file) => !own.includes(file));

export default defineConfig({
  test: {
    provide: startFromPlainEnvironment(),
    reporters: ["default", "./test/closing-line.ts"],
    // By default Vitest keeps one processor for itself: half of a small machine. Some tests only wait.
    maxWorkers: availableParallelism() + 1,
    experimental: { fsModuleCache: true },
    // Guards against hangs, which no busy machine reaches.
    testTimeout: 900_000,
    hookTimeout: 900_000,
    expect: { poll: { timeout: 600_000 } },
    // Half of the time of the unit tests went into new processes that loaded the same modules.
    projects: [
      { extends: true, test: { name: "own process", include: own, sequence: { groupOrder: 0 } } },
      { extends: true, test: { name: "shared", include: shared, isolate: false, sequence: { groupOrder: 0 } } },
    ],
  },
});
