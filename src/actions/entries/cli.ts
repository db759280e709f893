#!/usr/bin/env node
import { CommanderError } from "commander";
import { hasCode } from "../../platform/problem.js";
import { program } from "../command-line.js";

// A reader that closes the pipe early (`| head -1`) is no error: the run goes on and keeps its exit status.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error) => {
    if (!hasCode(error, "EPIPE")) throw error;
  });
}

try {
  await program.exitOverride().parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode;
}
