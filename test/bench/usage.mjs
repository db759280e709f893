// Loaded into a measured process (`node --import`): at its end it tells what it used, its children counted.
import { readFileSync, writeFileSync } from "node:fs";

const file = process.env["BENCH_USAGE"];
if (file !== undefined) {
  process.on("exit", () =>
    writeFileSync(file, readFileSync("/proc/self/stat", "utf8") + readFileSync("/proc/self/status", "utf8")),
  );
}
