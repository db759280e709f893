import { once } from "node:events";
import { type Attached, withDevices } from "../../src/boot/devices/attach.js";
import type { AskedDevices } from "../../src/boot/devices/device-plan.js";
import { parseDisks, parseNetwork } from "../../src/boot/devices/device-text.js";
import { parseProbe } from "../../src/boot/probes/probe-text.js";
import type { Device, ImageSystem } from "../../src/image/image.js";
import type { Context } from "../../src/platform/host.js";
import type { Log } from "../../src/platform/log.js";
import { processes } from "../../src/platform/process/process.js";
import { targets } from "../../src/targets/targets.js";
import { hostIn } from "./set-up.js";

export interface Asked {
  readonly net?: string;
  readonly block?: string;
  readonly probe?: readonly string[];
  readonly args?: readonly string[];
  readonly manifest?: readonly Device[];
  readonly isProcess?: boolean;
}

export function question({
  net = "auto",
  block = "",
  probe = [],
  args = [],
  manifest,
  isProcess = false,
}: Asked): AskedDevices {
  const system: ImageSystem =
    manifest === undefined ? { kind: "unmarked" } : { kind: "solo5", abi: 3, abiVersion: 1, devices: manifest };
  return {
    image: { format: "elf64", architecture: "x86_64", system },
    target: targets[isProcess ? "unix" : "virtio"],
    net: parseNetwork(net),
    block: parseDisks(block),
    probe: probe.map((text) => parseProbe(text)),
    args,
  };
}

/** A context whose temporary folder is `folder`, and whose log goes to `lines`. */
export function contextIn(folder: string, lines: string[] = []): Context {
  const host = hostIn(folder);
  const say = (text: string) => void lines.push(text);
  const log = { fact: (label: string, text: string) => say(`${label}: ${text}`), line: say } as unknown as Log;
  // A test that replaces programs for root gives their folders to its process.
  const systemFolders = process.env["TEST_SYSTEM_FOLDERS"]?.split(":");
  const machine = { ...host, ...(systemFolders && { systemFolders }) };
  return { host: { ...machine, folders: { ...host.folders, temporary: folder } }, log, processes };
}

/** Makes devices in `folder`, hands them to `body`, and removes them. */
export function attach<T>(
  folder: string,
  asked: Asked,
  body: (attached: Attached) => Promise<T>,
  lines?: string[],
): Promise<T> {
  return withDevices(contextIn(folder, lines), question(asked), ["ipv4"], body);
}

// For tests that end a boot from outside: `node --import tsx hold-devices.ts FOLDER QUESTION-AS-JSON` says its devices
// as one line of JSON, and holds them until its standard input ends.
const [, script, folder, asked] = process.argv;
if (script?.endsWith("/hold-devices.ts") === true && folder !== undefined && asked !== undefined) {
  await attach(folder, JSON.parse(asked) as Asked, async (attached) => {
    console.log(JSON.stringify(attached));
    await once(process.stdin.resume(), "end");
  });
}
