import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readInputs } from "../../src/actions/interface.js";
import { bootImage } from "../../src/boot/boot.js";
import type { BootReport } from "../../src/boot/report.js";
import type { Image } from "../../src/image/image.js";
import type { Context } from "../../src/platform/host.js";
import { checkIsolation } from "../../src/platform/network/isolation.js";
import { whyNoTap } from "../../src/platform/network/tap.js";
import { processes } from "../../src/platform/process/process.js";
import { targets } from "../../src/targets/targets.js";
import { collectingLog } from "../collecting-log.js";
import { type GivenInputs, hostIn } from "./set-up.js";
import { shownWhenFailed } from "./shown-when-failed.js";
import { skipNote } from "../skip-note.js";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const lines: string[] = [];
const host = hostIn(join(repository, ".cache/test-carriers"));
let folder: string;
let context: Context;
const here = { host, processes, log: collectingLog(lines) };
const noTap = (await whyNoTap(here)) ?? (await checkIsolation(here));

/**
 * Stands for a unikernel that serves HTTP: busybox in the helper VM, on the address that a unikernel has when it is
 * not told one, behind the same bridge.
 */
const server = `#!/bin/sh
ip addr add 10.0.0.2/24 dev bridge0
case "$*" in *ask=*)
  ip route add default via 10.0.0.1
  answer=$(busybox nc -w 3 10.0.0.1 "\${*##*ask=}" </dev/null)
  echo "\${answer:-nobody} answered"
  exec sleep 60 ;;
esac
mkdir /www && echo 'Hello over the network' >/www/index.html
echo 'listening on port 8080'
exec busybox httpd -f -p 8080 -h /www
`;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "unikernel-ci-network-"));
  mkdirSync(join(folder, "temporary"));
  context = {
    host: { ...host, folders: { ...host.folders, temporary: join(folder, "temporary") } },
    processes,
    log: collectingLog(lines),
  };
  writeFileSync(join(folder, "image"), "the tender does not look at it");
  for (const name of ["solo5-hvt", "solo5-spt"]) {
    writeFileSync(join(folder, name), server);
    chmodSync(join(folder, name), 0o755);
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const system = {
  kind: "solo5",
  abi: targets.hvt.solo5Abi ?? 0,
  abiVersion: 2,
  devices: [{ type: "net", name: "service" }],
} as const;
const image: Image = { format: "elf64", architecture: host.architecture, system };

async function boot(given: GivenInputs): Promise<BootReport> {
  const inputs = readInputs(
    (name) => ({ "install-system-packages": "false", accelerator: "tcg", settle: "0", ...given })[name],
  );
  const report = await bootImage(context, {
    ...inputs,
    ...{ net: inputs.net.value, block: inputs.block.value },
    ...{ imagePath: join(folder, "image"), image, target: targets.hvt, architecture: host.architecture },
    searchPath: `${folder}:${process.env["PATH"] ?? ""}`,
  });
  return shownWhenFailed(report);
}

describe.each(["user", "tap"] as const)("a server in a helper VM, reached by %s networking", (net) => {
  const cannot = net === "tap" ? noTap : undefined;

  it.skipIf(cannot !== undefined)(`answers, and is stopped${skipNote(cannot)}`, async () => {
    const { verdict, probes, attempts } = await boot({
      net,
      probe: "http://:8080/index.html status=200 body=/Hello/\ntcp://:8080",
    });
    expect(verdict, JSON.stringify(verdict)).toMatchObject({ verdict: "passed", reason: "ready" });
    expect(verdict.readyMs).toBeGreaterThan(0);
    expect(probes?.map(({ said, holds }) => [holds, said])).toEqual([
      [true, "status 200, 23 bytes"],
      [true, "connection accepted"],
    ]);
    expect(attempts.map(({ inCarrier }) => inCarrier)).toEqual([true]);
  });

  it.skipIf(cannot !== undefined).each([
    ["a wrong status", "http://:8080/nothing", /status 404, wanted 200 to 399: .*404 Not Found/],
    ["a refused port", "tcp://:9", /tcp:\/\/:9: connection refused/],
  ])(`fails for %s, with the answer${skipNote(cannot)}`, async (_, probe, evidence) => {
    const { verdict } = await boot({ net, probe, timeout: "4" });
    expect(verdict).toMatchObject({ verdict: "failed", reason: "timeout" });
    expect(verdict.summary).toBe(`\`${probe}\` was not answered as expected within 12 s`);
    expect(verdict.evidence?.line).toMatch(evidence);
  });

  it("leaves no interface and no folder", () => {
    expect(readdirSync("/sys/class/net").filter((name) => name.startsWith("uci"))).toEqual([]);
    expect(readdirSync(join(folder, "temporary"))).toEqual([]);
  });
});

describe("a guest behind user networking", () => {
  it.each([
    ["reaches nothing of this machine’s own", "", "nobody answered", 0],
    ["reaches what this machine does where it is asked to", " outside", "this machine answered", 1],
  ])("%s", async (_, outside, said, answers) => {
    let asked = 0;
    const here = createServer((socket) => {
      asked++;
      socket.end("this machine");
    });
    await new Promise<void>((resolve) => here.listen(0, "127.0.0.1", resolve));
    const { port } = here.address() as AddressInfo;
    const { verdict, consoleEnd } = await boot({ net: `user${outside}`, args: `ask=${port}`, expect: " answered$" });
    here.close();
    expect(verdict, JSON.stringify(verdict)).toMatchObject({ verdict: "passed" });
    expect(consoleEnd.join("\n")).toContain(said);
    expect(asked).toBe(answers);
  });
});
