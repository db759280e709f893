// What GitHub's runner makes of a log.
const gitHubCommands = ["set-env", "add-mask", "error", "add-path", "stop-commands", "endgroup", "debug", "set-output"];

/** Which lines the runner would obey: its two parsers, with stop-commands, over lines as .NET splits them. */
export function obeyed(text: string): string[] {
  const names = new Set(["group", "notice", "warning", ...gitHubCommands]);
  let stopToken: string | undefined;
  const commands: string[] = [];
  for (const line of text.split(/\r\n|\r|\n/)) {
    const name = commandName(line, stopToken === undefined ? names : new Set([...names, stopToken]));
    if (name === undefined) continue;
    if (stopToken !== undefined) {
      if (name === stopToken) stopToken = undefined;
    } else if (name === "stop-commands") stopToken = line.slice("::stop-commands::".length);
    else commands.push(line);
  }
  if (stopToken !== undefined) throw new Error("commands stay switched off");
  return commands;
}

/** https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs: TryParseV2 and TryParse. */
function commandName(line: string, names: ReadonlySet<string>): string | undefined {
  const trimmed = line.trimStart();
  const start = line.indexOf("##[");
  const found = [
    between(trimmed, trimmed.startsWith("::") ? 2 : -1, "::"),
    between(line, start === -1 ? -1 : start + 3, "]"),
  ];
  return found.map((text) => text?.split(" ", 1)[0]).find((name) => name !== undefined && names.has(name));
}

function between(line: string, start: number, mark: string): string | undefined {
  const end = start === -1 ? -1 : line.indexOf(mark, start);
  return end === -1 ? undefined : line.slice(start, end);
}
