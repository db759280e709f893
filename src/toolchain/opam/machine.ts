import { quotedNames, unavailableIn, type Conflict } from "./conflict.js";

/** A failure that the machine causes, and not the packages. */
export type MachineFailure =
  | {
      readonly kind: "system-packages";
      /** `unavailable`: the package manager does not know them. `missing`: opam must not install them. */
      readonly state: "unavailable" | "missing" | "failed";
      readonly packages: readonly string[];
      /** The opam packages that need them; empty when opam does not name them. */
      readonly askers: readonly string[];
      /** opam's command to install them, where it names one. */
      readonly command?: string;
      /** What the package manager printed. */
      readonly said: readonly string[];
    }
  /** `said`: bwrap's error; undefined where bwrap is not installed. */
  | { readonly kind: "sandbox"; readonly said: string | undefined }
  | { readonly kind: "network"; readonly host: string; readonly url: string; readonly why: string };

/** Direct requests for packages: opam 2.1 to 2.6 (src/client/opamSolution.ml, check_availability). */
export function readUnavailableSystemPackages(lines: readonly string[]): MachineFailure | undefined {
  const found = lines.flatMap((line) => {
    const [, asker = "", list] =
      /^\[ERROR\] Package (\S+) depends on the unavailable system packages? (.*)$/.exec(line) ?? [];
    return list === undefined ? [] : [{ asker, packages: quotedNames(list) }];
  });
  return found.length === 0
    ? undefined
    : lacking(
        found.flatMap(({ packages }) => packages),
        found.map(({ asker }) => asker),
      );
}

/** As {@link readUnavailableSystemPackages}, for a dependency: undefined unless it explains all conflicts. */
export function lackingIn(conflicts: readonly Conflict[]): MachineFailure | undefined {
  const packages = conflicts.flatMap(unavailableIn);
  if (packages.length === 0 || conflicts.some((conflict) => unavailableIn(conflict).length === 0)) return undefined;
  return lacking(
    packages,
    conflicts.flatMap(({ chains }) => chains.map((chain) => chain.at(-1)?.split(" ")[0] ?? "")),
  );
}

const lacking = (packages: readonly string[], askers: readonly string[]): MachineFailure => ({
  kind: "system-packages",
  state: "unavailable",
  packages: [...new Set(packages)],
  askers: [...new Set(askers)],
  said: [],
});

/** Packages that opam tried to install, or would have (src/client/opamSolution.ml, install_depexts). */
export function readInstallOfSystemPackages(lines: readonly string[]): MachineFailure | undefined {
  const failed = lines.find((line) => line.startsWith("[ERROR] System package install failed "));
  const refused = lines.some((line) => /^(?:\[NOTE\] )?You can retry with '--assume-depexts'/.test(line));
  if (failed === undefined && !refused) return undefined;
  const command =
    failed?.split(" at command: ")[1]?.trim() ?? below(lines, "This command should get the requirements")[0];
  const packages = namesBelow(lines, "The following system packages will first need");
  const said = lines.filter((line) => line.startsWith("- ")).slice(-5);
  return {
    kind: "system-packages",
    state: failed === undefined ? "missing" : "failed",
    packages,
    askers: [],
    ...(command === undefined ? {} : { command }),
    said: said.map((line) => line.slice(2)),
  };
}

/** The system packages of what failed, where opam leaves them alone; opam before 2.6 does not print them. */
export const declaredSystemPackages = (lines: readonly string[]): readonly string[] =>
  namesBelow(lines, "The packages you requested declare");

const namesBelow = (lines: readonly string[], title: string): readonly string[] =>
  below(lines, title).flatMap((line) => line.split(/\s+/));

/** The indented lines below a title, which opam folds too, and which an empty line can follow. */
function below(lines: readonly string[], title: string): readonly string[] {
  const start = lines.findIndex((line) => line.startsWith(title));
  const rest = start === -1 ? [] : lines.slice(start + 1);
  const first = rest.findIndex(isIndented);
  const end = rest.findIndex((line, index) => index > first && !isIndented(line));
  return first === -1 ? [] : rest.slice(first, end === -1 ? undefined : end).map((line) => line.trim());
}

const isIndented = (line: string): boolean => line.startsWith("    ");

/**
 * bwrap's own errors in the log of a package or of `opam init` (src/state/shellscripts/bwrap.sh,
 * src/client/opamInitDefaults.ml). `bwrap: execvp` is not one: the package's program is missing.
 */
export function readSandbox(lines: readonly string[]): MachineFailure | undefined {
  for (const line of lines) {
    if (/^# The 'bwrap' command was not found\.|Sandboxing tool bwrap was not found\./.test(line))
      return { kind: "sandbox", said: undefined };
    const said =
      /^# (bwrap: .*)$/.exec(line)?.[1] ?? (isOfInit.test(line) ? /"(bwrap: [^"]+)/.exec(line)?.[1] : undefined);
    if (said !== undefined && !said.startsWith("bwrap: execvp")) return { kind: "sandbox", said };
  }
  return undefined;
}

const isOfInit = /^\[ERROR\] Sandboxing is not working /;

/** What the statuses of the programs that opam downloads with say about the way to a server: curl(1), wget(1). */
const noWay: Readonly<Record<string, string>> = {
  "curl 5": "the name of the proxy cannot be resolved",
  "curl 6": "its name cannot be resolved",
  "curl 7": "it accepts no connection",
  "curl 28": "it does not answer in time",
  "curl 35": "it does not answer with TLS",
  "curl 56": "the connection breaks off, or a proxy refuses it",
  "wget 4": "the network fails",
};

/** Why a server is out of reach, in words; undefined when it was reached. */
export function whyUnreachable(program: string, status: string | number): string | undefined {
  return noWay[`${program} ${status}`];
}

/** @param address a URL, whose password is left out. */
export function unreachable(address: string, why: string): MachineFailure {
  const url = new URL(address);
  [url.username, url.password] = ["", ""];
  return { kind: "network", host: url.host, url: url.href, why };
}

/**
 * A repository that cannot be read because its server is out of reach.
 * opam goes on with what it has read before where it can, so any other failure comes first.
 */
export function readNetwork(lines: readonly string[]): MachineFailure | undefined {
  for (const line of lines) {
    if (!line.startsWith("[ERROR] Could not update repository ")) continue;
    const [, program = ""] = /\/(curl|wget) /.exec(line) ?? [];
    const [, url = ""] = / -- (https?:\/\/[^\s"\\]+)/.exec(line) ?? [];
    const [, status = ""] = / exited with code (\d+)/.exec(line) ?? [];
    const [, remote, said] = /fatal: unable to access '([^']+)': ([^"]*)/.exec(line) ?? [];
    const why = remote === undefined ? whyUnreachable(program, status) : ofGit(said);
    const address = remote ?? url;
    if (why !== undefined && URL.canParse(address)) return unreachable(address, why);
  }
  return undefined;
}

/** The reason, if what git prints after `unable to access` says that the server was not reached. */
export function ofGit(said = ""): string | undefined {
  return /Could not resolve|Couldn't connect|Failed to connect|timed out|tunnel failed|Connection (?:refused|reset)/i.test(
    said,
  )
    ? said.trim()
    : undefined;
}
