// The commands of the command line that are about this machine and not about a project.
import { Argument, type Command } from "commander";
import { type Context, inspectHost } from "../platform/host.js";
import { printedJson } from "../platform/log.js";
import { processes } from "../platform/process/process.js";
import { architectures } from "../targets/architecture.js";
import { createTerminalLog, isJson, print } from "./command-output.js";
import { completionScript, shells } from "./completion.js";
import { runGuarded } from "./main.js";
import { withValues, wordOf } from "./options.js";
import type * as Toolchains from "./toolchain.js";

/** Adds `toolchain` and its commands. */
export function addToolchainCommands(program: Command): void {
  const toolchainCommand = program
    .command("toolchain")
    .description("list, verify and pack the toolchains of this machine, and pack helper VMs");
  const onToolchains = (run: (commands: typeof Toolchains, context: Context) => Promise<boolean>) => {
    const log = createTerminalLog();
    return runGuarded(log, async () => run(await import("./toolchain.js"), { log, processes, host: inspectHost() }));
  };
  toolchainCommand
    .command("list")
    .description("list the toolchains of this machine")
    .action(() => onToolchains(({ listCommand }, context) => listCommand(context, print, isJson())));
  toolchainCommand
    .command("clean")
    .description("remove unfinished builds, which the next build would resume")
    .action(() => onToolchains(({ cleanCommand }, context) => cleanCommand(context)));
  toolchainCommand
    .command("verify")
    .description("compare a toolchain, or an archive of one, with its manifest")
    .argument("<what>", "key or folder of a toolchain, or an archive")
    .action((what: string) => onToolchains(({ verifyCommand }, context) => verifyCommand(context, what, print)));
  toolchainCommand
    .command("pack")
    .description("pack a toolchain into a folder that `setup --mirror` takes")
    .argument("<what>", "key or folder of a toolchain")
    .option("--to <folder>", "folder to write the archive and toolchains.json to", ".")
    .option("--level <number>", "zstd’s level, from 1 (soon done) to 19 (smallest; default)")
    .action((what: string, options: Toolchains.PackOptions) =>
      onToolchains(({ packCommand }, context) => packCommand(context, what, options, print)),
    );
  toolchainCommand
    .command("carrier")
    .description("pack a helper VM, which runs Solo5’s tenders or Xen, into a folder that `boot --mirror` takes")
    .addArgument(
      withValues(new Argument("<arch>", "its architecture, or xen-x86_64"), [...architectures, "xen-x86_64"]),
    )
    .option("--to <folder>", "folder to write the archive and carriers.json to", ".")
    .action((arch: string, { to }: { to: string }) =>
      onToolchains(({ helperVmCommand }, context) => helperVmCommand(context, arch, to, print)),
    );
  toolchainCommand
    .command("slim")
    .description("show what packing removes from a toolchain built with --slim false, and why")
    .argument("<folder>", "the toolchain’s folder")
    .action((folder: string) => onToolchains(({ slimCommand }) => slimCommand(folder, print, isJson())));
}

/** Adds `completion`, which knows the commands that the program has when it runs. */
export function addCompletion(program: Command): void {
  program
    .command("completion")
    .description("print a script that completes commands, options and values in a shell")
    .addArgument(withValues(new Argument("<shell>", shells.join(", ")), shells))
    .action((word: string) =>
      runGuarded(createTerminalLog(), () => {
        const script = completionScript(wordOf("shell", word, shells), program);
        print(isJson() ? printedJson({ script }) : script);
        return Promise.resolve(true);
      }),
    );
}
