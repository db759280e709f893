import type { AttachedDevice, NetworkDevice } from "../devices/devices.js";
import { hasAccepted } from "../devices/usernet.js";
import type { Interrogation } from "../guest-events.js";
import type { Qmp } from "../qmp.js";
import { type Probe, type ProbeAddress, isSamePort, portOf } from "./probe.js";
import { startProbing } from "./probing.js";

/** How a guest with these devices is asked; undefined when nothing is asked of it. */
export function interrogate(probes: readonly Probe[], devices: readonly AttachedDevice[]): Interrogation | undefined {
  if (probes.length === 0) return undefined;
  const link = devices.find((device) => device.type === "net")?.link;
  return (onAnswer, control, signal) => {
    // Without it, an open connection would be taken for an accepted one: usernet.ts.
    if (link?.kind === "user" && control === undefined)
      throw new Error("user networking needs a monitor with a control channel");
    startProbing(probes, (probe) => addressOf(probe, link), onAnswer, signal, {
      isEstablished: link?.kind === "user" && control ? (address) => isEstablished(control, address) : undefined,
    });
  };
}

/**
 * Where a probe's question goes: to the guest itself behind a tap, to a forwarded port of loopback behind user
 * networking, to loopback itself for a process.
 *
 * @param link of the first network device; undefined for a guest without one.
 */
export function addressOf(probe: Probe, link: NetworkDevice["link"] | undefined): ProbeAddress {
  if (link === undefined) return { host: "127.0.0.1" };
  const port = portOf(probe);
  if (link.kind === "tap" || port === undefined) return { host: link.guest };
  const forward = link.forwards.find((one) => isSamePort(one, port));
  if (forward === undefined)
    throw new Error(`no port leads to ${port.protocol} ${port.guestPort}: planDevices() forwards each`);
  return { host: "127.0.0.1", port: forward.hostPort };
}

async function isEstablished(control: Qmp, { port = 0 }: ProbeAddress): Promise<boolean> {
  const info = await control.execute("human-monitor-command", { "command-line": "info usernet" }).catch(() => "");
  return hasAccepted(String(info), port);
}
