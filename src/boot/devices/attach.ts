import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { AddressArgument } from "../../image/image.js";
import { makeDisk } from "../../platform/files/disks.js";
import { withOwnFolder } from "../../platform/files/own-folder.js";
import type { Context } from "../../platform/host.js";
import { readInterfaces } from "../../platform/network/interfaces.js";
import { NotIsolated, whyNoIsolation } from "../../platform/network/isolation.js";
import { freePorts } from "../../platform/network/ports.js";
import { TapTaken, whyNoTap, withTaps } from "../../platform/network/tap.js";
import { Problem } from "../../platform/problem.js";
import { portsOf } from "../probes/probe.js";
import { type AskedDevices, type DevicePlan, planDevices, wantedNetworks } from "./device-plan.js";
import type { NetworkBusy } from "./network-plan.js";

/** How long a guest that needs one particular network waits for the boot that holds it. */
const waitMs = 10 * 60_000;
const pollMs = 500;

export interface Attached extends Pick<DevicePlan, "devices"> {
  readonly folder: string;
}

/**
 * Makes the devices of a boot for `body`, and removes them afterwards, also when this process is told to end.
 *
 * @param known the address arguments that the image takes.
 * @throws Problem when they cannot be made as asked.
 */
export async function withDevices<T>(
  context: Context,
  asked: AskedDevices,
  known: readonly AddressArgument[],
  body: (attached: Attached) => Promise<T>,
): Promise<T> {
  return withOwnFolder(context.host.folders.temporary, "boot", async (folder) => {
    const told = new Set<string>();
    const start = performance.now();
    let noIsolation = whyNoIsolation(context);
    for (;;) {
      const plan = await planHere(context, asked, known, folder, noIsolation);
      if ("holder" in plan) {
        await waitFor(context, plan, performance.now() - start, told);
        continue;
      }
      try {
        return await withTaps(context, plan.taps, async () => {
          for (const disk of plan.disks) await makeDisk(context, disk);
          if (plan.story !== "") context.log.fact("devices", plan.story);
          return body({ devices: plan.devices, folder });
        });
      } catch (error) {
        // Only now is it known that the kernel refuses the rules: the next plan has no tap that needs them.
        if (error instanceof NotIsolated) noIsolation = error.message;
        else if (!(error instanceof TapTaken)) throw error;
      }
    }
  });
}

async function planHere(
  context: Context,
  asked: AskedDevices,
  known: readonly AddressArgument[],
  folder: string,
  noIsolation: string | undefined,
): Promise<DevicePlan | NetworkBusy> {
  const { workspace } = context.host.folders;
  // These checks take about ten milliseconds: only for a guest with a network.
  const isNetworked = wantedNetworks(asked).length > 0;
  return planDevices(asked, {
    addressArguments: known,
    noTap: isNetworked ? await whyNoTap(context) : undefined,
    noIsolation,
    interfaces: isNetworked ? await readInterfaces(context) : [],
    freePorts: isNetworked ? await freePorts(portsOf(asked.probe).map(({ protocol }) => protocol)) : [],
    workspace,
    folder,
  });
}

async function waitFor(
  context: Context,
  { network, holder }: NetworkBusy,
  waitedMs: number,
  told: Set<string>,
): Promise<void> {
  const busy = `the network ${network} is in use on this host`;
  const remedy = "set `net: user`, or choose another network: `net: tap host=192.168.77.1/24`";
  if (holder.owner === undefined) {
    throw new Problem(busy, { found: [holder.name, ...holder.addresses].join(" "), do: remedy });
  }
  const boot = `the boot of process ${holder.owner} (${holder.name})`;
  if (waitedMs > waitMs) {
    const still = `the network ${network} is still in use on this host after ${waitMs / 60_000} min`;
    throw new Problem(still, { found: boot, do: remedy });
  }
  if (!told.has(boot)) context.log.line(`  ${busy}: waiting for ${boot}`);
  told.add(boot);
  await sleep(pollMs);
}
