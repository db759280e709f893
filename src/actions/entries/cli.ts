#!/usr/bin/env node
import { CommanderError } from "commander";
import { outliveClosedPipes } from "../../platform/runner/standard-streams.js";
import { program } from "../command-line.js";

outliveClosedPipes();

try {
  await program.exitOverride().parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode;
}
