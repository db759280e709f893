import type { MachineFailure } from "./machine.js";

/** A failure of the machine in words: a part of a sentence, and the facts of a problem. */
export interface MachineStory {
  readonly what: string;
  readonly because: readonly string[];
  readonly evidence: readonly string[];
  readonly remedy: readonly string[];
}

/** The failure, its cause and its remedy. */
export function explainMachine(failure: MachineFailure): MachineStory {
  switch (failure.kind) {
    case "system-packages":
      return onSystemPackages(failure);
    case "sandbox":
      return failure.said === undefined
        ? {
            what: "opam’s sandbox needs bwrap, which is not installed",
            because: [],
            evidence: [],
            remedy: ["sudo apt-get install bubblewrap", `or ${withoutSandbox}`],
          }
        : {
            what: "opam’s sandbox does not work on this machine",
            because: ["many containers, and Ubuntu’s AppArmor rules, do not let bwrap create namespaces"],
            evidence: [failure.said],
            remedy: [withoutSandbox],
          };
    case "network":
      return {
        what: `${failure.host} cannot be reached`,
        because: [failure.why],
        evidence: [failure.url],
        remedy: [
          "check the machine’s network, and `https_proxy` if it needs a proxy; then run the job again",
          "or set `opam-repositories` to a repository that this machine reaches",
        ],
      };
  }
}

/** https://opam.ocaml.org/doc/FAQ.html#Why-does-opam-require-bwrap */
const withoutSandbox =
  "`opam init --disable-sandboxing` (with `--reinit` for an opam root that exists): " +
  "a job’s machine or container is a sandbox of its own";

type SystemPackages = Extract<MachineFailure, { kind: "system-packages" }>;

function onSystemPackages({ state, packages, askers, command, said }: SystemPackages): MachineStory {
  const names = packages.join(" ");
  const needed = askers.length === 0 ? "" : ` (for ${askers.join(", ")})`;
  const install = `sudo ${command?.replace(/^sudo +/, "") ?? `apt-get install ${names}`}`;
  switch (state) {
    case "unavailable":
      return {
        what: `system packages are unavailable: ${names}${needed}`,
        because: ["the package sources of this system lack them, or were never read"],
        evidence: [],
        remedy: lackingRemedy(packages),
      };
    case "missing":
      return {
        what: `system packages are missing: ${names}${needed}`,
        because: ["opam must not install them without asking"],
        evidence: [],
        remedy: [install, "or set `OPAMCONFIRMLEVEL=unsafe-yes`, which lets opam install them"],
      };
    case "failed":
      return {
        what: `system packages could not be installed: ${names}${needed}`,
        because: [],
        evidence: said,
        remedy: [install.includes("apt-get") ? `sudo apt-get update && ${install}` : install],
      };
  }
}

/** For system packages that the package manager does not know. */
export const lackingRemedy = (packages: readonly string[]): readonly string[] => [
  `sudo apt-get update && sudo apt-get install ${packages.join(" ")}`,
  "if apt does not find them either: add a source that has them, use a newer system, " +
    "or correct the names in `depexts` of the opam file",
];
