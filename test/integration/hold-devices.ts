import { once } from "node:events";
import { type Attached, withDevices } from "../../src/boot/devices/attach.js";
import type { DeviceQuestion } from "../../src/boot/devices/device-plan.js";
import { parseDisks, parseNetwork } from "../../src/boot/devices/device-text.js";
import type { Context } from "../../src/platform/host.js";
import type { Log } from "../../src/platform/log.js";
import { processes } from "../../src/platform/process/process.js";
import { hostIn } from "./set-up.js";

export interface Asked extends Partial<Omit<DeviceQuestion, "net" | "block">> {
  readonly net?: string;
  readonly block?: string;
}

export function question({ net = "auto", block = "", ...asked }: Asked): DeviceQuestion {
  const nothing = {
    ports: [],
    needsTap: false,
    isAddressable: true,
    told: undefined,
    isProcess: false,
    manifest: undefined,
  };
  return { ...nothing, ...asked, net: parseNetwork(net), block: parseDisks(block) };
}

/** A context whose temporary folder is `folder`, and whose log goes to `lines`. */
export function contextIn(folder: string, lines: string[] = []): Context {
  const host = hostIn(folder);
  const say = (text: string) => void lines.push(text);
  const log = { fact: (label: string, text: string) => say(`${label}: ${text}`), line: say } as unknown as Log;
  return { host: { ...host, folders: { ...host.folders, temporary: folder } }, log, processes };
}

/** Makes devices in `folder`, hands them to `body`, and removes them. */
export function attach<T>(
  folder: string,
  asked: Asked,
  body: (attached: Attached) => Promise<T>,
  lines?: string[],
): Promise<T> {
  return withDevices(contextIn(folder, lines), question(asked), body);
}

// For tests that end a boot from outside: `node --import tsx hold-devices.ts FOLDER QUESTION-AS-JSON` says its devices as
// one line of JSON, and holds them until its standard input ends.
const [, script, folder, asked] = process.argv;
if (script?.endsWith("/hold-devices.ts") === true && folder !== undefined && asked !== undefined) {
  await attach(folder, JSON.parse(asked) as Asked, async (attached) => {
    console.log(JSON.stringify(attached));
    await once(process.stdin.resume(), "end");
  });
}
