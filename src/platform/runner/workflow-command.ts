/**
 * Workflow commands of the Actions runner: lines that it obeys instead of showing.
 * Not those of @actions/core, which writes only to `process.stdout`: a test could not collect its lines.
 */

/**
 * `::name key=value::data` as one line, for any `data` and values, with the escapes of @actions/core's command.ts.
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
 * Whether the runner, or a compatible one, could take this line for a command.
 *
 * `::name::` counts after leading whitespace, and the old form `##[name]` anywhere in a line:
 * https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
 */
export function mayBeCommand(line: string): boolean {
  return (
    /* promise: indented-commands-are-commands */ line.trimStart().startsWith("::") ||
    /* promise: old-commands-are-commands */ line.includes("##[")
  );
}

/**
 * `text` (whole lines) with workflow commands switched off around it.
 *
 * @param token must be new and unguessable each time: a text with this token switches commands on again.
 */
export function withoutCommands(text: string, token: string): string {
  return /* promise: commands-are-stopped */ `${workflowCommand("stop-commands", token)}${text}::${token}::\n`;
}
