import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { type Attached, withDevices } from "../../src/boot/devices/attach.js";
import type { AttachedDevice } from "../../src/boot/devices/devices.js";
import { Qmp } from "../../src/boot/qmp.js";
import { vmms } from "../../src/boot/vmms/vmms.js";
import { checkIsolation } from "../../src/platform/network/isolation.js";
import { TapTaken, whyNoTap, withTaps } from "../../src/platform/network/tap.js";
import { becomeRoot } from "../../src/platform/process/sudo.js";
import { sweepLeftovers } from "../../src/platform/process/build-programs.js";
import { startVmm } from "../../src/platform/process/vmm-process.js";
import { askedOf, goodMachine, siteOf } from "../unit/boot/requests.js";
import { type Asked, attach, contextIn, question } from "./hold-devices.js";
import { skipNote } from "../skip-note.js";

const here = contextIn(tmpdir());
const noTap = (await whyNoTap(here)) ?? (await checkIsolation(here));
const asRoot = (await becomeRoot(here)) === undefined || here.host.isRoot ? [] : ["sudo", "-n"];
// There sudo and the device are sure: a skip would hide a fault of ours.
if (inject("isHostedRunner")) it("a hosted runner can make taps", () => expect(noTap).toBeUndefined());

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "unikernel-ci-devices-"))));
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  expect(
    readdirSync(folder).filter((name) => name.startsWith("unikernel-ci-boot-")),
    "folders that were left",
  ).toEqual([]);
  rmSync(folder, { recursive: true });
});

const manifest = {
  service: [{ name: "service", type: "net" }],
  storage: [{ name: "storage", type: "block" }],
} as const;

function ip(...args: string[]): string {
  const [program = "", ...rest] = [...asRoot, "ip", ...args];
  return execFileSync(program, rest, { encoding: "utf8" });
}

function rulesOf(name: string): string {
  const tables = execFileSync("env", [...asRoot, "nft", "list", "tables"], { encoding: "utf8" });
  return tables.split("\n").find((table) => table.endsWith(name)) ?? "";
}

const isThere = (name: string) => existsSync(`/sys/class/net/${name}`);
const read = (name: string, value: string) => readFileSync(`/sys/class/net/${name}/${value}`, "utf8").trim();

const tapOf = ({ devices }: Pick<Attached, "devices">) => {
  const link = devices.find((device) => device.type === "net")?.link;
  if (link?.kind !== "tap") throw new Error("no tap");
  return link;
};

const children: ChildProcess[] = [];

/** A process of its own that holds devices until it is ended. */
async function hold(
  asked: Asked,
  env = process.env,
): Promise<{ readonly child: ChildProcess; readonly attached: Attached }> {
  const script = fileURLToPath(new URL("hold-devices.ts", import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", script, folder, JSON.stringify(asked)], {
    stdio: ["pipe", "pipe", "inherit"],
    detached: true,
    env,
  });
  children.push(child);
  let text = "";
  for await (const chunk of child.stdout) {
    text += String(chunk);
    if (text.includes("\n")) break;
  }
  return { child, attached: JSON.parse(text) as Attached };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const ended = once(child, "exit");
  child.kill(signal);
  await ended;
}

describe.skipIf(noTap !== undefined)(`a tap${skipNote(noTap)}`, () => {
  it("has its address and rules, is up, is this user’s and says whose it is; and is gone afterwards", async () => {
    const name = await attach(folder, { manifest: manifest.service, net: "host=10.213.1.1/24" }, (attached) => {
      const tap = tapOf(attached);
      expect(tap).toEqual({ kind: "tap", interface: "uci0ad50100", host: "10.213.1.1/24", guest: "10.213.1.2" });
      expect(ip("-oneline", "-4", "address", "show", "dev", tap.interface)).toContain("inet 10.213.1.1/24 ");
      expect(Number(read(tap.interface, "flags")) & 1).toBe(1);
      expect(read(tap.interface, "owner")).toBe(String(process.getuid?.()));
      expect(read(tap.interface, "ifalias")).toMatch(
        new RegExp(`^unikernel-ci pid=${process.pid} start=\\d+ place=[0-9a-f]{16} boot=\\d+$`),
      );
      expect(rulesOf(tap.interface)).toBe("table inet unikernel-ci-uci0ad50100");
      return Promise.resolve(tap.interface);
    });
    expect([isThere(name), rulesOf(name)]).toEqual([false, ""]);
  });

  it("that cannot be isolated is none, unless its guest may reach everything", async () => {
    const bin = join(folder, "bin");
    mkdirSync(bin);
    writeFileSync(join(bin, "nft"), "#!/bin/sh\necho 'Error: no such thing' >&2; exit 1\n", { mode: 0o755 });
    const context = contextIn(folder);
    const machine = { ...context, host: { ...context.host, systemFolders: [bin, "/usr/sbin", "/usr/bin"] } };
    const linkOf = (net: string) =>
      withDevices(machine, question({ net }), ["ipv4"], ({ devices: [device] }) =>
        Promise.resolve(device?.type === "net" && device.link.kind),
      );
    expect(await linkOf("host=10.213.9.1/24")).toBe("user");
    expect(await linkOf("tap outside host=10.213.9.1/24")).toBe("tap");
    await expect(linkOf("tap host=10.213.9.1/24")).rejects.toMatchObject({
      facts: { because: "its guest cannot be isolated: nft failed: Error: no such thing" },
    });
    expect(isThere("uci0ad50900")).toBe(false);
  });

  const notRoot = process.getuid?.() === 0 ? undefined : "only root can stand in for sudo";
  it.skipIf(notRoot !== undefined)(
    `is made and removed through sudo where this user is not root${skipNote(notRoot)}`,
    async () => {
      const program = join(folder, "sudo");
      writeFileSync(program, `#!/bin/sh\necho "$*" >>'${folder}/asked'\nshift\nexec "$@"\n`, { mode: 0o755 });
      const context = contextIn(folder);
      const user = {
        ...context,
        host: { ...context.host, isRoot: false, systemFolders: [folder, "/usr/sbin", "/usr/bin"] },
      };
      const made = withDevices(user, question({ net: "host=10.213.6.1/24" }), ["ipv4"], (attached) =>
        Promise.resolve(isThere(tapOf(attached).interface)),
      );
      expect(await made).toBe(true);
      expect(isThere("uci0ad50600")).toBe(false);
      const asked = readFileSync(join(folder, "asked"), "utf8");
      expect(asked).toMatch(/^-n \S+\/ip -batch -$/m);
      expect(asked).toMatch(/^-n \S+\/ip link delete dev uci0ad50600$/m);
    },
  );

  it("is gone after a failure", async () => {
    const failing = attach(folder, { manifest: manifest.service, net: "host=10.213.2.1/24" }, () =>
      Promise.reject(new Error("no")),
    );
    await expect(failing).rejects.toThrow("no");
    expect(isThere("uci0ad50200")).toBe(false);
  });

  it("that cannot be made completely leaves none", async () => {
    const two = [...manifest.service, ...manifest.storage];
    await expect(
      attach(folder, { manifest: two, net: "host=10.213.2.1/24", block: "storage: missing" }, () => Promise.resolve()),
    ).rejects.toThrow(/does not exist/);
    expect(isThere("uci0ad50200")).toBe(false);
  });

  it("of each of several boots at once is on a network of its own", async () => {
    let waiting = 0;
    const hosts = await Promise.all(
      Array.from({ length: 4 }, () =>
        attach(folder, { manifest: manifest.service }, async (attached) => {
          waiting++;
          while (waiting < 4) await sleep(10);
          return tapOf(attached).host;
        }),
      ),
    );
    expect(new Set(hosts).size).toBe(4);
    for (const host of hosts) expect(host).toMatch(/^10\.0\.\d+\.1\/24$/);
  });

  it("is not taken from a faster boot, even one of the same process", async () => {
    const tap = { interface: "uci0ad50700", host: "10.213.7.1/24" };
    await withTaps(contextIn(folder), [tap], async () => {
      await expect(
        withTaps(contextIn(folder), [{ ...tap, interface: "uci0ad50800" }, tap], () => Promise.resolve()),
      ).rejects.toThrow(TapTaken);
      expect([tap.interface, "uci0ad50800"].map(isThere)).toEqual([true, false]);
    });
  });

  it("is gone when its process was told to end, and so is its folder", async () => {
    const { child, attached } = await hold({ manifest: [...manifest.service, ...manifest.storage] });
    const { interface: name } = tapOf(attached);
    expect(isThere(name) && existsSync(attached.folder)).toBe(true);
    expect(rulesOf(name)).not.toBe("");
    await end(child, "SIGTERM");
    expect(isThere(name) || existsSync(attached.folder)).toBe(false);
    expect(rulesOf(name)).toBe("");
  });

  it("of a process that was killed is swept, and that of a living one is not", async () => {
    const killed = await hold({ manifest: [...manifest.service, ...manifest.storage] });
    const living = await hold({ manifest: [...manifest.service, ...manifest.storage] });
    await end(killed.child, "SIGKILL");
    expect(isThere(tapOf(killed.attached).interface) && existsSync(killed.attached.folder)).toBe(true);
    const [of, another] = [tapOf(killed.attached).interface, tapOf(living.attached).interface];
    expect(rulesOf(of)).not.toBe("");
    await sweepLeftovers(contextIn(folder));
    expect(isThere(of) || existsSync(killed.attached.folder)).toBe(false);
    expect(isThere(another) && existsSync(living.attached.folder)).toBe(true);
    expect([rulesOf(of), rulesOf(another)]).toEqual(["", `table inet unikernel-ci-${another}`]);
    await end(living.child, "SIGTERM");
  });

  it("whose removal hangs is left by a runner’s SIGINT, SIGTERM and SIGKILL, and swept by the next run", async () => {
    const real = execFileSync("sh", ["-c", 'PATH="$PATH:/usr/sbin:/sbin" command -v ip'], { encoding: "utf8" }).trim();
    const bin = join(folder, "bin");
    mkdirSync(bin);
    writeFileSync(join(bin, "ip"), `#!/bin/sh\n[ "$1 $2" = 'link delete' ] && exec sleep 6767\nexec ${real} "$@"\n`, {
      mode: 0o755,
    });
    const { child, attached } = await hold(
      { manifest: manifest.service },
      { ...process.env, TEST_SYSTEM_FOLDERS: `${bin}:/usr/sbin:/usr/bin` },
    );
    const { interface: name } = tapOf(attached);
    const ended = once(child, "exit");
    child.kill("SIGINT");
    const isRemoving = () => spawnSync("pgrep", ["--pgroup", String(child.pid), "--full", "sleep 6767"]).status === 0;
    await expect.poll(isRemoving).toBe(true);
    child.kill("SIGTERM");
    // Its removal is our child, and of our group.
    process.kill(-(child.pid ?? 0), "SIGKILL");
    expect(await ended).toEqual([null, "SIGKILL"]);
    expect(isThere(name)).toBe(true);
    await sweepLeftovers(contextIn(folder));
    expect([isThere(name), existsSync(attached.folder)]).toEqual([false, false]);
  });

  it("of somebody else is left alone, whatever its name and alias", async () => {
    ip("tuntap", "add", "dev", "uci0ad50300", "mode", "tap");
    ip("tuntap", "add", "dev", "unikernel-ci0", "mode", "tap");
    try {
      ip("link", "set", "dev", "unikernel-ci0", "alias", "unikernel-ci pid=1");
      await sweepLeftovers(contextIn(folder));
      const asked = { manifest: manifest.service, net: "host=10.213.3.1/24" };
      await expect(attach(folder, asked, () => Promise.resolve())).rejects.toMatchObject({
        message: "the network 10.213.3.0/24 is in use on this host",
        facts: { found: "uci0ad50300" },
      });
      expect(isThere("uci0ad50300") && isThere("unikernel-ci0")).toBe(true);
    } finally {
      ip("link", "delete", "dev", "uci0ad50300");
      ip("link", "delete", "dev", "unikernel-ci0");
    }
  });

  it("on the network of another boot waits for it, and names its process", async () => {
    const asked = { manifest: manifest.service, net: "host=10.213.4.1/24" };
    const { child } = await hold(asked);
    const lines: string[] = [];
    let isHeld = true;
    let wasHeld: boolean | undefined;
    const waiting = attach(folder, asked, () => Promise.resolve(void (wasHeld = isHeld)), lines);
    await expect.poll(() => lines.length).toBeGreaterThan(0);
    expect(lines).toEqual([
      `  the network 10.213.4.0/24 is in use on this host: waiting for the boot of process ${child.pid} (uci0ad50400)`,
    ]);
    isHeld = false;
    await end(child, "SIGTERM");
    await waiting;
    expect(wasHeld).toBe(false);
  });
});

describe("a disk", () => {
  it("without a line is an empty one in the boot’s own folder", async () => {
    await attach(folder, { manifest: manifest.storage }, ({ devices: [disk], folder: own }) => {
      expect(disk).toEqual({ type: "block", name: "storage", path: join(own, "storage.img") });
      expect(readFileSync(join(own, "storage.img")).equals(Buffer.alloc(2 ** 20))).toBe(true);
      return Promise.resolve();
    });
  });

  it("with `ro` is a copy: a guest’s writes never reach the original", async () => {
    writeFileSync(join(folder, "disk.img"), "x".repeat(1024));
    await attach(folder, { manifest: manifest.storage, block: "storage: disk.img, ro" }, ({ devices: [disk] }) => {
      if (disk?.type === "block") writeFileSync(disk.path, "y".repeat(1024));
      return Promise.resolve();
    });
    expect(readFileSync(join(folder, "disk.img"), "utf8")).toBe("x".repeat(1024));
  });
});

describe.each(["x86_64", "aarch64"] as const)("QEMU %s", (architecture) => {
  /** What QEMU itself says of the devices that we gave it. */
  async function seenByQemu(
    devices: readonly AttachedDevice[],
  ): Promise<{ readonly slots: string[]; readonly network: string }> {
    const image = join(folder, "image");
    writeFileSync(image, "no kernel: it is never started");
    const asked = askedOf("virtio", { architecture });
    const { argv } = vmms.qemu.command(asked, siteOf({ imagePath: image, devices }), "tcg", goodMachine);
    const [program, ...words] = argv;
    const at = words.indexOf("-kernel");
    const monitor = startVmm([program, ...words.slice(0, at), ...words.slice(at + 2)], process.env, 1);
    let said = "";
    monitor.errors.on("data", (chunk) => (said += String(chunk)));
    try {
      if (monitor.control === undefined) throw new Error("no control channel");
      const qmp = new Qmp(monitor.control, () => undefined);
      await qmp.execute("qmp_capabilities").catch(() => Promise.reject(new Error(said)));
      const buses = (await qmp.execute("query-pci")) as {
        devices: { slot: number; id: { vendor: number; device: number } }[];
      }[];
      const virtio = buses.flatMap((bus) => bus.devices).filter(({ id }) => id.vendor === 0x1af4);
      const network = String(await qmp.execute("human-monitor-command", { "command-line": "info network" }));
      await qmp.execute("quit");
      return { slots: virtio.map(({ slot, id }) => `${slot}: ${id.device.toString(16)}`), network };
    } finally {
      monitor.kill();
      await monitor.ended;
    }
  }
  // Transitional devices: the legacy interface, which Solo5 speaks, and the modern one.
  const card = "1000";
  const disk = "1001";

  it("takes a user network and disks, in the manifest’s order", async () => {
    const asked: Asked = {
      manifest: [
        { name: "a", type: "block" },
        { name: "service", type: "net" },
        { name: "b", type: "block" },
        { name: "other", type: "net" },
      ],
      net: "service: user\nother: user outside",
      probe: ["tcp://:80", "udp-dns://:53 name=example.org"],
      block: "a: scratch, size=1536\nb: with, a comma.img, size=1MiB",
    };
    await attach(folder, asked, async ({ devices }) => {
      const { slots, network } = await seenByQemu(devices);
      expect(slots).toEqual([`1: ${disk}`, `2: ${card}`, `3: ${disk}`, `4: ${card}`]);
      expect(network).toContain("macaddr=52:54:00:00:00:02");
      expect(network).toMatch(/user,net=10\.0\.0\.0,restrict=on/);
      expect(network).toMatch(/user,net=10\.0\.1\.0,restrict=off/);
    });
  });

  it.skipIf(noTap !== undefined)(`opens a tap${skipNote(noTap)}`, async () => {
    await attach(folder, { net: "host=10.213.5.1/24" }, async ({ devices }) => {
      const { slots, network } = await seenByQemu(devices);
      expect(slots).toEqual([`1: ${card}`]);
      expect(network).toContain("ifname=uci0ad50500");
    });
  });
});
