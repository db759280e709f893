import { Problem } from "../platform/problem.js";
import { type Expectations, type Guest, exitReportOf } from "./judge/rules.js";

/** `--help` and `--version` of a mirage unikernel end with this: `help_version` of its lib_runtime/functoria. */
const helpStatus = 63;

/**
 * Makes a boot the least that every mirage unikernel can pass without its secrets, keys and networks: it starts, reads
 * its arguments, and prints its help.
 *
 * @throws Problem where nothing would tell how it ended.
 */
export function asSelfTest<Request extends Expectations & { readonly args: readonly string[] }>(
  request: Request,
  guest: Guest,
): Request {
  if (exitReportOf(guest) === "none") {
    throw new Problem(
      `input check: \`help\` ends with status ${helpStatus}, and nothing tells the exit status of ${guest.target.name}`,
      {
        do: "set `args: --help` and ask for a line of the help with `expect`",
      },
    );
  }
  return { ...request, args: ["--help"], until: "exit", expect: [], probe: [], expectExit: helpStatus };
}
