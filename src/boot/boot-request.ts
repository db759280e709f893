import { checkImage } from "../image/check.js";
import type { Image } from "../image/image.js";
import type { ToolchainCache } from "../platform/runner/actions-cache.js";
import type { Architecture } from "../targets/architecture.js";
import type { Target } from "../targets/targets.js";
import type { AskedDisk, AskedNetwork } from "./devices/device-text.js";
import { type Expectations, type Guest, checkExpectations, exitReportOf } from "./judge/rules.js";
import { Problem } from "../platform/problem.js";

/** All that is asked of a boot, made once from the inputs and handed down unchanged. */
export interface BootRequest extends Expectations {
  /** Name of the scenario; absent when the image is booted once. */
  readonly scenario?: string;
  /** Absolute path. */
  readonly imagePath: string;
  readonly image: Image;
  readonly target: Target;
  readonly architecture: Architecture;
  readonly boot: "auto" | "required" | "skip";
  readonly accelerator: "auto" | "kvm" | "tcg";
  readonly check: "boot" | "help";
  readonly args: readonly string[];
  readonly net: AskedNetwork;
  readonly block: readonly AskedDisk[];
  /** MiB */
  readonly memory: number;
  readonly installSystemPackages: boolean;
  /** Where programs are looked for: PATH, with the toolchain's folders in front. */
  readonly searchPath: string;
  /** Where helper VMs are kept beside the tool cache; absent: nowhere. */
  readonly helperVmCache?: ToolchainCache | undefined;
  /** Where helper VMs are fetched from beside what this action publishes: platform/network/published.ts. */
  readonly mirror?: string | undefined;
}

/** What is booted, as far as its rules depend on it. */
export function guestOf({ target, image }: Pick<BootRequest, "target" | "image">): Guest {
  return { target, isMarked: image.system.kind !== "unmarked" };
}

/**
 * What can be told of a boot before anything is made for it: the request as it will be booted.
 *
 * @throws Problem for one that cannot be tried as asked.
 */
export function checkedRequest(asked: BootRequest): BootRequest {
  checkImage(asked.image, asked.target.name, asked.architecture);
  const request = asked.check === "help" ? asSelfTest(asked, guestOf(asked)) : asked;
  checkExpectations(request, guestOf(asked));
  return request;
}

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
