import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readInputs } from "../../src/actions/interface.js";
import { bootImage } from "../../src/boot/boot.js";
import { ensureHelperVm } from "../../src/boot/helper-vm/ensure.js";
import type { BootReport } from "../../src/boot/report.js";
import { readImage } from "../../src/image/recognise.js";
import { processes } from "../../src/platform/process/process.js";
import { targets } from "../../src/targets/targets.js";
import { collectingLog } from "../collecting-log.js";
import { type GivenInputs, hostIn } from "./set-up.js";
import { shownWhenFailed } from "./shown-when-failed.js";

const repository = fileURLToPath(new URL("../..", import.meta.url));
/** Helper VMs are kept between runs: making one downloads a kernel. */
const kept = join(repository, ".cache/test-carriers");

/** @returns the path of examples/bare for Xen. */
export function buildBareXen(folder: string): string {
  const make = ["--silent", "-C", join(repository, "examples/bare"), "ARCH=x86_64", "ABI=xen", `OUT=${folder}`];
  execFileSync("make", make);
  return join(folder, "bare.xen");
}

/** Boots an image for Xen, in a kept helper VM. Settles late, so that on a busy machine too an end comes first. */
export async function bootXen(folder: string, imagePath: string, given: GivenInputs): Promise<BootReport> {
  const lines: string[] = [];
  const context = { host: hostIn(kept), log: collectingLog(lines), processes };
  await ensureHelperVm(context, "xen-x86_64", { install: false });
  const host = hostIn(folder);
  const inputs = readInputs(
    (name) => ({ "install-system-packages": "false", settle: "20", timeout: "60", ...given })[name],
  );
  const asked = {
    ...inputs,
    net: inputs.net.value,
    block: inputs.block.value,
    target: targets.xen,
    architecture: "x86_64" as const,
    imagePath,
    image: await readImage(imagePath),
    searchPath: process.env["PATH"] ?? "",
  };
  const folders = { ...host.folders, toolCache: context.host.folders.toolCache };
  return shownWhenFailed(await bootImage({ ...context, host: { ...host, folders } }, asked));
}
