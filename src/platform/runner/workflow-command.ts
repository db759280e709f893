/**
 * Workflow commands of the Actions runner: lines that it obeys instead of showing.
 * @actions/core has them too, but writes only to `process.stdout`, so that a test could not hold what was written.
 */

/**
 * `::name key=value::data` as one line, whatever `data` and the values hold: the escapes are those of @actions/core's
 * command.ts.
 */
export function workflowCommand(name: string, data = "", properties: Readonly<Record<string, string>> = {}): string {
  const pairs = Object.entries(properties).map(
    ([key, value]) =>
      `${key}=${/* promise: properties-are-escaped */ escaped(value).replaceAll(":", "%3A").replaceAll(",", "%2C")}`,
  );
  return `::${name}${pairs.length === 0 ? "" : ` ${pairs.join(",")}`}::${escaped(data)}\n`;
}

function escaped(text: string): string {
  return /* promise: command-data-is-escaped */ text
    .replaceAll("%", "%25")
    .replaceAll("\r", "%0D")
    .replaceAll("\n", "%0A");
}

/**
 * Whether the runner, or one that imitates it, could take this line for a command.
 *
 * `::name::` counts after leading white space, and the old form `##[name]` anywhere in a line:
 * https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
 */
export function mayBeCommand(line: string): boolean {
  return (
    /* promise: indented-commands-are-commands */ line.trimStart().startsWith("::") ||
    /* promise: old-commands-are-commands */ line.includes("##[")
  );
}

/**
 * `text` (whole lines) with commands switched off around it.
 *
 * @param token must be new and unguessable each time: whoever knows it can switch commands on again.
 */
export function withoutCommands(text: string, token: string): string {
  return /* promise: commands-are-stopped */ `${workflowCommand("stop-commands", token)}${text}::${token}::\n`;
}
