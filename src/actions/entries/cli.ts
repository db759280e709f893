#!/usr/bin/env node
import { CommanderError } from "commander";
import { program } from "../command-line.js";
import { endOutput, keepFailure } from "../command-output.js";
import { observeFailures } from "../main.js";
import { WrongUse } from "../../platform/problem.js";
import { outliveClosedPipes } from "../../platform/runner/standard-streams.js";

outliveClosedPipes();
observeFailures(keepFailure);
/** The answer of --help or --version is no JSON. */
let isAnswered = false;
process.on("exit", (status) => {
  if (!isAnswered) endOutput(status);
});

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  // Commander ends with status 1 for a wrong use, and with 0 for --help and --version.
  process.exitCode = error.exitCode === 0 ? 0 : 2;
  if (error.exitCode === 0) isAnswered = true;
  else keepFailure(wrongUse(error));
}

function wrongUse({ message }: CommanderError): WrongUse {
  const [sentence = "", meant] = message.replace(/^error: /, "").split("\n");
  return new WrongUse(sentence, { do: meant?.replace(/^\(|\)$/g, "") ?? "--help lists the commands and options" });
}
