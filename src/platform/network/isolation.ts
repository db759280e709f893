import { spawnSync } from "node:child_process";
import type { Context } from "../host.js";
import { type AsRoot, becomeRoot, systemProgram } from "../process/sudo.js";

/** The kernel or nft(8) refuses the rules that isolate a tap; the message says why, as a phrase. */
export class NotIsolated extends Error {}

/** Why no tap is isolated here, as a phrase; undefined when there is nft(8): the kernel may still refuse its rules. */
export function whyNoIsolation({ host }: Pick<Context, "host">): string | undefined {
  return systemProgram(host, "nft") === undefined ? "the program `nft` (package nftables) is not installed" : undefined;
}

/** As {@link whyNoIsolation}, but asks the kernel, too. Installs no rules. */
export async function checkIsolation(context: Context): Promise<string | undefined> {
  const asRoot = await becomeRoot(context);
  if (whyNoIsolation(context) !== undefined || asRoot === undefined) return whyNoIsolation(context);
  const { exitCode, stderr } = await context.processes.run(asRoot("nft", "--check", isolationRules("uci", "10.0.0.1")));
  return exitCode === 0 ? undefined : failure(stderr);
}

const failure = (stderr: string) => `nft failed: ${stderr.split("\n")[0] ?? ""}`;

/** Its name has the tap's, which one boot at a time has. */
const tableOf = (name: string) => `inet unikernel-ci-${name}`;

/** `delete table` fails without the table, and older versions of nft have no `destroy`. */
const noTable = (name: string) => `add table ${tableOf(name)}; delete table ${tableOf(name)}`;

/**
 * The rules of nft(8) for a tap: its guest answers the host, and nothing else of it gets further than the tap.
 *
 * The table sees each IP packet after the kernel has found its connection (priority -200), before any address
 * translation (-100), and before it is delivered or forwarded. ARP is not IP. An answer goes to the host's address on
 * the tap: a guest can neither answer beyond the host nor join a connection of the host on another interface.
 *
 * @param host the host's address on the tap, with its prefix length.
 */
export function isolationRules(name: string, host: string): string {
  const toHost = /* promise: taps-answer-only-the-host */ `ip daddr ${host.replace(/\/.*/, "")}`;
  return [
    noTable(name),
    `table ${tableOf(name)} {`,
    "chain answers {",
    "type filter hook prerouting priority -150; policy accept;",
    `iifname != "${name}" accept`,
    `${toHost} ct state established accept`,
    // ICMP errors, such as a refused UDP port. It takes rules of the host to relate other packets to a connection.
    `${toHost} ip protocol icmp ct state related accept`,
    /* promise: taps-only-answer */ "drop",
    "}",
    "}",
  ].join("\n");
}

/**
 * Synchronous, as the making of the tap.
 *
 * @throws NotIsolated
 */
export function isolate(asRoot: AsRoot, name: string, host: string): void {
  const [program, ...args] = asRoot("nft", isolationRules(name, host));
  const { status, stderr } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) throw new NotIsolated(failure(stderr));
}

/** The command that removes the rules of a tap, if there are any. */
export function endOfIsolation(asRoot: AsRoot, name: string): [string, ...string[]] {
  return asRoot("nft", noTable(name));
}
