import { normalize } from "node:path";
import { checkImage } from "../image/check.js";
import type { Image } from "../image/image.js";
import { WrongUse } from "../platform/problem.js";
import type { ToolchainCache } from "../platform/runner/actions-cache.js";
import type { Architecture } from "../targets/architecture.js";
import type { Target } from "../targets/targets.js";
import type { AskedDisk, AskedNetwork } from "./devices/device-text.js";
import { type Expectations, type Guest, checkExpectations, exitReportOf } from "./judge/rules.js";

/** The whole request of a boot, made once from the inputs and handed down unchanged. */
export interface BootRequest extends Expectations {
  /** Name of the scenario; absent when the image is booted once. */
  readonly scenario?: string;
  /** Counted from 1; absent unless the boot is repeated. */
  readonly repetition?: number;
  readonly imagePath: string;
  readonly image: Image;
  /** Absolute path of the image with its debug information; absent when it is the image itself. */
  readonly debugFile?: string | undefined;
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
  /** PATH, with the toolchain's folders in front. */
  readonly searchPath: string;
  /** A second place for helper VMs, after the tool cache. */
  readonly helperVmCache?: ToolchainCache | undefined;
  /** A further source of published helper VMs: platform/network/published.ts. */
  readonly mirror?: string | undefined;
}

/** Whether two of these boots write to the same file. */
export function writesShared(requests: readonly Pick<BootRequest, "block">[]): boolean {
  const written = requests.flatMap(({ block }) => [
    ...new Set(block.flatMap(({ path, readOnly }) => (path === undefined || readOnly ? [] : [normalize(path)]))),
  ]);
  return new Set(written).size < written.length;
}

/** @throws Problem when the second boot would not be the same as the first. */
export function checkRepeated({ block }: Pick<BootRequest, "block">, times: number): void {
  const written = block.filter(({ path, readOnly }) => path !== undefined && !readOnly);
  if (times === 1 || written.length === 0) return;
  throw new WrongUse(`input repeat: ${times} boots would write to ${written.map(({ path }) => path).join(", ")}`, {
    because: "each boot would find what the ones before wrote",
    do: "let the device be read-only (`NAME: PATH, ro`) or empty (`NAME: scratch, size=4MiB`)",
  });
}

export function guestOf({ target, image }: Pick<BootRequest, "target" | "image">): Guest {
  return { target, isMarked: image.system.kind !== "unmarked" };
}

/**
 * Checks a request before anything is made for it.
 *
 * @returns the request as it will be booted.
 * @throws Problem when it cannot be booted as asked.
 */
export function checkedRequest(asked: BootRequest): BootRequest {
  checkImage(asked.image, asked.target.name, asked.architecture);
  const request = asked.check === "help" ? asSelfTest(asked, guestOf(asked)) : asked;
  checkExpectations(request, guestOf(asked));
  return request;
}

/** The inputs that are set and that `check: help` replaces by its own. */
export function replacedByHelp(asked: Pick<BootRequest, "check" | "args"> & Expectations): readonly string[] {
  const { check, args, until, expect, probe, expectExit } = asked;
  const given = {
    args: args.length > 0,
    until: until !== "auto",
    expect: expect.length > 0,
    probe: probe.length > 0,
    "expect-exit": expectExit !== undefined,
  };
  return check === "help" ? Object.keys(given).filter((name) => given[name as keyof typeof given]) : [];
}

/** Exit status of a mirage unikernel's `--help` and `--version`: `help_version` of its lib_runtime/functoria. */
const helpStatus = 63;

/**
 * Turns a boot into the check that every mirage unikernel can pass without its secrets, keys and networks: it starts,
 * reads its arguments and prints its help.
 *
 * @throws Problem when the target reports no exit status.
 */
export function asSelfTest<Request extends Expectations & { readonly args: readonly string[] }>(
  request: Request,
  guest: Guest,
): Request {
  if (exitReportOf(guest) === "none") {
    throw new WrongUse(
      `input check: \`help\` expects exit status ${helpStatus}, but ${guest.target.name} does not report one`,
      { do: "set `args: --help` and match a line of the help with `expect`" },
    );
  }
  return { ...request, args: ["--help"], until: "exit", expect: [], probe: [], expectExit: helpStatus };
}
