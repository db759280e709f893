// The commands of the command line, their options, and what each one runs. A command's code is loaded when it runs: all
// of it together takes longer to load than a short command works.
import { Command, Option } from "commander";
import own from "../../package.json" with { type: "json" };
import { forges, gitHubTemplates } from "../init/choose.js";
import { type Context, inspectHost, isPersonal } from "../platform/host.js";
import { type Log, printedJson } from "../platform/log.js";
import type { ExitCode } from "../platform/problem.js";
import { processes, quote } from "../platform/process/process.js";
import { type ArtifactAccess, artifactAccess } from "../platform/runner/artifact-service.js";
import { type CollectingRunner, collectingRunner, readableOutputs } from "../platform/runner/github.js";
import { approvals, terminalQuestions } from "../platform/runner/terminal.js";
import { collectInputs } from "./collect-interface.js";
import { createTerminalLog, exitCodeOf, followOptions, isJson, logOn, print } from "./command-output.js";
import type { ExplainOptions } from "./explain.js";
import type { InitOptions } from "./init.js";
import { type InputName, type Part, inputNames, inputs, inputsMarked, parts } from "./interface.js";
import { type PartFunction, given, runAction, runGuarded } from "./main.js";
import { allMatrixInputs, matrixInputs } from "./matrix-interface.js";
import { releaseInputs } from "./release-interface.js";
import { namedOption, refuseBoth, refuseRepetition, withValues } from "./options.js";
import { runParts } from "./steps/run.js";
import { addCompletion, addToolchainCommands } from "./machine-commands.js";

const publishing =
  (service: ArtifactAccess): PartFunction =>
  async (...step) =>
    (await import("./steps/publish-step.js")).publishTo(service)(...step);
const functions: Readonly<Record<Part, PartFunction>> = {
  setup: async (...step) => (await import("./steps/setup-step.js")).setup(...step),
  build: async (...step) => (await import("./steps/build-step.js")).build(...step),
  boot: async (...step) => (await import("./steps/boot-step.js")).boot(...step),
  publish: publishing({ unavailable: "this is a command line" }),
};
type RunCommand = Part | "run" | "plan";
const about: Readonly<Record<RunCommand, string>> = {
  setup: "install the cross toolchain (from a cache, or built by opam) and print how to use it",
  build: "build the unikernel with the toolchain that `setup` installed",
  boot: "boot images and judge them",
  publish: "gather image, console and build info in a folder of _artifacts/",
  run: "setup, build, boot and publish, in this order",
  plan: "show what `run` would do: the toolchain, each command, how it boots, the artifact; change nothing",
};

export const program = new Command("unikernel-ci")
  .description("Install cached OCaml cross toolchains; build, boot and publish MirageOS unikernels.")
  .version(own.version)
  .option("--json", "print the outputs as JSON on standard output, and the log on standard error")
  .option("--verbose", "log more")
  .exitOverride() // Before the commands, which inherit it.
  .showHelpAfterError("(--help lists the options)")
  .configureOutput({ writeOut: print, writeErr: (text) => logOn("stderr").line(text.replace(/\n$/, "")) })
  .addHelpText(
    "after",
    '\nExamples:\n  $ unikernel-ci doctor\n  $ unikernel-ci run --target spt --expect "listening on port 80"\n' +
      '  $ unikernel-ci boot dist/www.hvt --args "--ipv4=10.0.0.2/24"\n' +
      "\nExit status: 0 passed, or skipped where that is allowed; 1 failed; 2 wrong use (an option, a value);\n" +
      "3 skipped though it was required.\n",
  );

followOptions(() => program.opts());

/** The action `run`: with the runner's inputs, outputs and artifact service. */
program.command("action", { hidden: true }).action(async () => {
  const { runWithEnd } = await import("./steps/build-end.js");
  await runWithEnd(() =>
    runAction(inputs, (context, asked, runner) => {
      const parts = { ...functions, publish: publishing(artifactAccess(context.host.environment)) };
      return runParts(parts, context, asked, runner);
    }),
  );
});

for (const name of [...parts, "run", "plan"] as const) {
  const command = program.command(name).description(about[name]);
  const takesImages = name === "boot" || name === "publish";
  if (takesImages) command.argument("[images...]", "paths of the images (same as --image)");
  for (const input of inputsOf(name)) command.addOption(optionOf(input));
  if (name === "boot") command.option("--self-test", "same as --check help");
  if (name === "run") command.option("--plan", "the same as the command `plan`");
  command.action((...words: unknown[]) => {
    const images = takesImages ? (words[0] as readonly string[]) : [];
    const { selfTest, plan, ...options } = command.opts<
      Record<string, string> & { selfTest?: boolean; plan?: boolean }
    >();
    if (name === "plan" || plan === true) return showPlan(options);
    refuseBoth(command, images[0], options["image"], "--image");
    if (selfTest === true) refuseBoth(command, "help", options["check"], "--check");
    const image = images.length === 0 ? {} : { image: JSON.stringify(images) };
    return runCommand(name, { ...image, ...(selfTest === true ? { check: "help" } : {}), ...options });
  });
}

const explainCommand = program
  .command("explain")
  .description("judge a saved console as a boot would have")
  .argument("<console>", "the file; it may contain the VMM’s own lines too")
  .option("--exit-code <status>", "the VMM exited with this status")
  .option("--timed-out", "the guest still ran at the timeout")
  .option("--still-running", "the guest still ran when the console was saved (judged like --timed-out)");
for (const input of inputsMarked("explain")) explainCommand.addOption(optionOf(input));
explainCommand.action((path: string) => {
  const options = explainCommand.opts<Record<string, string> & ExplainOptions>();
  const log = createTerminalLog();
  return runGuarded(log, async () => {
    const { explain } = await import("./explain.js");
    return explain(
      path,
      given(log, inputs, (name) => options[name]),
      options,
      print,
      isJson(),
    );
  });
});

const matrixCommand = program
  .command("matrix")
  .description("plan the jobs of a matrix; prints a table, or with --json the value of `strategy.matrix`")
  .argument(
    "[targets...]",
    'the legs (same as --targets), each an argument: "hvt x86_64 aarch64" "virtio x86_64 variant=small"',
  );
for (const [name, definition] of Object.entries(allMatrixInputs)) {
  matrixCommand.addOption(namedOption(name, definition));
}
matrixCommand.action((targets: readonly string[]) => {
  const words = matrixCommand.opts<Record<string, string>>();
  const options = { ...words, targets: [...(words["targets"] ?? "").split("\n"), ...targets].join("\n").trim() };
  const log = createTerminalLog();
  return runGuarded(log, async () => {
    const asked = given(log, allMatrixInputs, (name) => options[name as keyof typeof options]);
    const { printMatrix } = await import("./steps/matrix-step.js");
    return printMatrix({ log, processes, host: inspectHost() }, asked, print, isJson());
  });
});

const collectCommand = program
  .command("collect")
  .description("make one table, SHA256SUMS and JUnit file from the artifacts of all legs")
  .argument("[folder]", "folder with the artifacts, each in a subfolder of its name (same as --folder)");
for (const [name, definition] of Object.entries(collectInputs)) {
  // Only a workflow has a pull request to comment on.
  if (!["comment", "token"].includes(name)) collectCommand.addOption(namedOption(name, definition));
}
collectCommand.action(async (folder: string | undefined) => {
  const words = collectCommand.opts<Record<string, string>>();
  refuseBoth(collectCommand, folder, words["folder"], "--folder");
  const options: Readonly<Record<string, string>> = { ...words, ...(folder === undefined ? {} : { folder }) };
  await runCollecting(async (context, runner) => {
    const { collect } = await import("./steps/collect-step.js");
    return collect(
      context,
      given(context.log, collectInputs, (name) => options[name]),
      runner,
    );
  });
});

const releaseCommand = program
  .command("release")
  .description("publish artifacts as a GitHub release; reads the token from GITHUB_TOKEN")
  .argument("[folder]", "folder with the artifacts, each in a subfolder of its name (same as --folder)");
for (const [name, definition] of Object.entries(releaseInputs)) {
  // Other users of the machine can read a command's arguments.
  if (name !== "token") releaseCommand.addOption(namedOption(name, definition));
}
releaseCommand.action(async (folder: string | undefined) => {
  refuseBoth(releaseCommand, folder, releaseCommand.opts<Record<string, string>>()["folder"], "--folder");
  const token = process.env["GITHUB_TOKEN"] ?? "";
  const options: Readonly<Record<string, string>> = {
    ...releaseCommand.opts<Record<string, string>>(),
    ...(folder === undefined ? {} : { folder }),
    token,
  };
  await runCollecting(async (context, runner) => {
    const { release } = await import("./steps/release-step.js");
    return release(
      context,
      given(context.log, releaseInputs, (name) => options[name]),
      runner,
    );
  });
});

const initCommand = program
  .command("init")
  .description("write a workflow for this project; input options are written into it")
  .addOption(withValues(new Option("--forge <name>", `${forges.join(", ")} (default: github)`), forges))
  .addOption(
    withValues(
      new Option("--template <name>", "unikernel-matrix, unikernel-release, portable, … (default: for the project)"),
      Object.keys(gitHubTemplates),
    ),
  )
  .option("--owner <account>", "the GitHub account that hosts unikernel-ci (default: that of this clone)")
  .option("--commit <commit>", "the commit of unikernel-ci to pin (default: that of this clone)")
  .option("--force", "overwrite existing files");
const initInputs = { ...inputs, ...matrixInputs };
for (const [name, definition] of Object.entries(initInputs)) initCommand.addOption(namedOption(name, definition));
initCommand.action(() => {
  const options = initCommand.opts<InitOptions & Record<string, string>>();
  const given = Object.fromEntries(
    Object.keys(initInputs).flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])),
  );
  const log = createTerminalLog();
  return runGuarded(log, async () => {
    const { init } = await import("./init.js");
    const ask = terminalQuestions(log, process.env);
    return init({ log, processes, host: inspectHost() }, options, given, ask);
  });
});

addToolchainCommands(program);

program
  .command("doctor")
  .description("show what this machine can build and boot, and what is missing")
  .action(() => {
    const log = createTerminalLog();
    return runGuarded(log, async () => {
      const { doctor } = await import("./doctor.js");
      return doctor({ log, processes, host: inspectHost() }, print, isJson());
    });
  });

addCompletion(program);
refuseRepetition(program);

function inputsOf(command: RunCommand): readonly InputName[] {
  return command === "run" || command === "plan"
    ? inputNames
    : inputNames.filter((name) => inputs[name].parts.includes(command));
}

function optionOf(name: InputName): Option {
  return namedOption(name, inputs[name]);
}

function showPlan(options: Readonly<Record<string, string>>): Promise<void> {
  const log = createTerminalLog();
  return runGuarded(log, async () => {
    const { plan } = await import("./plan.js");
    const asked = given(log, inputs, (input) => options[input]);
    return plan({ log, processes, host: inspectHost() }, asked, print, isJson());
  });
}

async function runCommand(name: Part | "run", options: Readonly<Record<string, string>>): Promise<void> {
  const { log, runner } = await runCollecting((plain, runner) => {
    const asked = given(plain.log, inputs, (input) => options[input]);
    const mayInstall = options["install-system-packages"] !== undefined || !isPersonal(plain.host);
    const ask = terminalQuestions(plain.log, plain.host.environment);
    const context = mayInstall ? plain : { ...plain, approval: approvals(ask) };
    return name === "run" ? runParts(functions, context, asked, runner) : functions[name](context, asked, runner);
  });
  if (isJson() || name !== "setup") return;
  for (const [variable, value] of Object.entries(runner.variables)) log.line(`export ${variable}=${quote(value)}`);
  if (runner.path.length > 0) log.line(`export PATH=${runner.path.map(quote).join(":")}:"$PATH"`);
}

/** Runs an action, and prints its outputs. */
async function runCollecting(
  run: (context: Context, runner: CollectingRunner) => Promise<boolean>,
): Promise<{ readonly log: Log; readonly runner: CollectingRunner }> {
  const log = createTerminalLog();
  const runner = collectingRunner();
  const ended: { by?: ExitCode } = {};
  await runGuarded(log, async () => {
    const isGood = await run({ log, processes, host: inspectHost() }, runner);
    if (!isGood) ended.by = exitCodeOf(runner.outputs);
    return isGood;
  });
  if (ended.by !== undefined) process.exitCode = ended.by;
  if (isJson()) print(`${printedJson(runner.outputs)}\n`);
  else for (const line of readableOutputs(runner.outputs)) log.line(line);
  return { log, runner };
}
