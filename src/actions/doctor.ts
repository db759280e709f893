import { planBoot } from "../boot/plan.js";
import { placesFor } from "../boot/prepare.js";
import type { AttemptPlan, KvmAccess } from "../boot/vmms/vmm.js";
import type { Context } from "../platform/host.js";
import { kvmAccess } from "../platform/kvm.js";
import { aligned, printedJson, terminalWidth } from "../platform/log.js";
import { checkIsolation } from "../platform/network/isolation.js";
import { whyNoTap } from "../platform/network/tap.js";
import { missingPackages } from "../platform/packages/apt.js";
import { findProgram } from "../platform/process/programs.js";
import { becomeRoot } from "../platform/process/sudo.js";
import { readHostSystem } from "../platform/system.js";
import type { Architecture } from "../targets/architecture.js";
import { type Target, targetNames, targets } from "../targets/targets.js";
import { findRecipe, systemPackages } from "../toolchain/packages.js";

/** Whether this machine can build and boot a target for an architecture. */
export interface Ability {
  readonly target: string;
  readonly architecture: Architecture;
  readonly build: string;
  readonly boot: string;
  /** Missing Debian packages that building or booting it needs. */
  readonly missing: readonly string[];
}

const kvmWords: Readonly<Record<KvmAccess, string>> = {
  open: "/dev/kvm opens; only a boot shows whether guests run",
  absent: "no /dev/kvm: all targets but spt and unix boot by emulation",
  denied: "no access to /dev/kvm",
};

/** Prints what this machine can build and boot, and the command that installs missing packages. */
export async function doctor(context: Context, print: (text: string) => void, asJson: boolean): Promise<boolean> {
  const { host } = context;
  const kvm = kvmAccess();
  const abilities: Ability[] = [];
  for (const name of targetNames) {
    for (const architecture of targets[name].architectures) {
      abilities.push(await examine(context, targets[name], architecture, kvm));
    }
  }
  const missing = [...new Set(abilities.flatMap((ability) => ability.missing))].sort();
  const rights = host.isRoot
    ? "root"
    : (await becomeRoot(context)) === undefined
      ? "neither root nor sudo"
      : "sudo without a password";
  const opam = findProgram("opam", host.environment["PATH"]) ?? "not installed (setup installs it)";
  const network = await networkWords(context);
  const system = await readHostSystem();
  if (asJson) {
    const facts = { architecture: host.architecture, system, kvm, opam, network, rights, abilities, missing };
    print(`${printedJson(facts)}\n`);
    return true;
  }
  const facts = [
    ["machine", `${host.architecture}, ${system}, ${host.cores} cores, ${rights}`],
    ["kvm", kvmWords[kvm]],
    ["opam", opam],
    ["network", network],
  ] as const;
  const rows = abilities.map(({ target, architecture, build, boot }) => [`${target} ${architecture}`, build, boot]);
  const lines = [
    ...aligned(facts, terminalWidth),
    "",
    ...aligned([["target", "build", "boot"], ...rows], terminalWidth),
    "",
    ...(missing.length === 0 ? ["nothing is missing"] : aligned([["missing", missing.join(" ")]], terminalWidth)),
    // It is copied, so it stays on one line.
    ...(missing.length === 0 ? [] : [`do       sudo apt-get install ${missing.join(" ")}`]),
  ];
  for (const line of lines) print(`${line}\n`);
  return true;
}

/** What connects guests here, where `net` is `auto`. */
async function networkWords(context: Context): Promise<string> {
  const noTap = await whyNoTap(context);
  if (noTap !== undefined) return `user networking (no tap: ${noTap})`;
  const noIsolation = await checkIsolation(context);
  return noIsolation === undefined ? "taps" : `user networking (a tap cannot be isolated: ${noIsolation})`;
}

async function examine(context: Context, target: Target, architecture: Architecture, kvm: KvmAccess): Promise<Ability> {
  const { host } = context;
  const recipe = findRecipe({ backend: target.backend, architecture, hostArchitecture: host.architecture });
  const plan = planBoot(
    {
      target,
      architecture,
      accelerator: "auto",
      memory: 64,
      image: { format: "elf64", architecture, system: { kind: "unmarked" } },
    },
    { imagePath: "IMAGE", args: [], devices: [], places: await placesFor(context, host.folders.temporary) },
    // A toolchain for another architecture brings its tenders, if there is such a toolchain.
    { architecture: host.architecture, kvm, isNestedAmd: false, tenders: recipe === undefined ? [] : [architecture] },
  );
  const best = plan.attempts[0];
  const programIsMissing =
    best?.debianPackage !== undefined && findProgram(best.argv[0], host.environment["PATH"]) === undefined;
  const packages = recipe && systemPackages(recipe, { ocaml: "" });
  const needed = packages === undefined ? [] : [...packages.use, ...packages.build];
  return {
    target: target.name,
    architecture,
    build: recipe === undefined ? "no" : "yes",
    boot: best === undefined ? `no: ${plan.otherwise.summary}` : plan.attempts.map(wayOf).join(", else "),
    missing: [
      ...(await missingPackages(context, needed)),
      ...(programIsMissing && best.debianPackage ? [best.debianPackage] : []),
    ],
  };
}

function wayOf({ accelerator, inside }: AttemptPlan): string {
  return inside === undefined ? accelerator : `${accelerator} (in a helper VM)`;
}
