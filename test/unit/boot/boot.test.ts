import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { withAskedArguments } from "../../../src/boot/ask-arguments.js";
import type { BootRequest } from "../../../src/boot/boot-request.js";
import { bootImage, bootSeveral } from "../../../src/boot/boot.js";
import { defaultNetwork, parseNetwork } from "../../../src/boot/devices/device-text.js";
import { ensureIsolation, lookAtMachine, placesFor } from "../../../src/boot/prepare.js";
import type { AttemptPlan, BootSite, KvmAccess } from "../../../src/boot/vmms/vmm.js";
import type { Context } from "../../../src/platform/host.js";
import { Problem } from "../../../src/platform/problem.js";
import { targets } from "../../../src/targets/targets.js";
import { fakeContext } from "../project/fixtures.js";
import type { BootReport } from "../../../src/boot/report.js";
let folder: string;
let programs: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "unikernel-ci-"));
  programs = join(folder, "programs");
  mkdirSync(programs);
});
afterEach(() => rmSync(folder, { recursive: true }));

function program(name: string, script = ""): void {
  writeFileSync(join(programs, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(programs, name), 0o755);
}

const virtio: Omit<BootRequest, "imagePath" | "searchPath"> = {
  image: { format: "elf64", architecture: "x86_64", system: { kind: "solo5", abi: 3, abiVersion: 1, devices: [] } },
  target: targets.virtio,
  architecture: "x86_64",
  boot: "auto",
  accelerator: "auto",
  args: [],
  memory: 64,
  installSystemPackages: true,
  until: "auto",
  settle: 3,
  timeout: 60,
  expect: [],
  forbid: [],
  probe: [],
  check: "boot",
  net: { kind: "any", options: defaultNetwork },
  block: [],
};
const unix: typeof virtio = {
  ...virtio,
  target: targets.unix,
  image: { format: "elf64", architecture: "x86_64", system: { kind: "process" } },
};
const requestOf = (what: typeof virtio, imagePath: string): BootRequest => ({
  ...what,
  imagePath,
  searchPath: `${programs}:/usr/bin:/bin`,
});

/** A machine with no program but ours, root's rights by sudo, and what was run on it. */
function machine(isGitHubActions: boolean, run: (command: string) => number | undefined = () => undefined) {
  const state = join(folder, "state");
  const ran: string[] = [];
  const base = fakeContext(state, (argv) => {
    ran.push(argv.join(" "));
    return Promise.resolve({ exitCode: run(argv.join(" ")) ?? 0 });
  });
  const folders = { ...base.host.folders, state };
  const host = {
    ...base.host,
    folders,
    isGitHubActions,
    isRoot: false,
    environment: { PATH: programs },
    systemFolders: [programs],
  };
  const context: Context = { ...base, host };
  return { context, ran, logged: base.logged };
}

/** Looks that find this, one after the other, and the last for ever after. */
function looks(...found: readonly KvmAccess[]): () => KvmAccess {
  let next = 0;
  return () => found[Math.min(next++, found.length - 1)] ?? "absent";
}

describe("checks before a boot", () => {
  const lookFor = async (what: typeof virtio, context: Context, look: () => KvmAccess) => {
    const site = { imagePath: "/dist/hello", args: what.args, devices: [], places: await placesFor(context, folder) };
    return lookAtMachine(context, { ...what, imagePath: "/dist/hello", searchPath: programs }, site, look);
  };

  test("KVM is not opened for a guest that does not use it", async () => {
    for (const name of ["sudo", "true", "env"]) program(name);
    program("qemu-system-x86_64");
    const { context, ran } = machine(true);
    const { kvm } = await lookFor({ ...virtio, accelerator: "tcg" }, context, looks("denied", "open", "denied"));
    expect(kvm).toBe("open"); // As it was found: nothing was done to it.
    expect(ran).toEqual([]);
  });

  test("KVM is checked after QEMU is installed, which changes the permissions of /dev/kvm", async () => {
    for (const name of ["sudo", "true", "env"]) program(name);
    program("dpkg-query");
    const { context } = machine(false, (command) => {
      if (command.includes("apt-get")) program("qemu-system-x86_64");
      return 0;
    });
    const look = () => (existsSync(join(programs, "qemu-system-x86_64")) ? "denied" : "open");
    expect(await lookFor(virtio, context, look)).toMatchObject({ kvm: "denied" });
  });

  test("tenders of the other architecture are recognised by their names", async () => {
    program("qemu-system-x86_64");
    const { context } = machine(false);
    const other = context.host.architecture === "x86_64" ? "aarch64" : "x86_64";
    expect((await lookFor(virtio, context, looks("absent"))).tenders).toEqual([context.host.architecture]);
    program(`solo5-spt-${other}`);
    expect((await lookFor(virtio, context, looks("absent"))).tenders).toEqual(["x86_64", "aarch64"]);
  });
});

describe("a guest with a ping probe", () => {
  const pinged: typeof virtio = { ...virtio, probe: [{ kind: "ping", text: "ping" }], installSystemPackages: false };
  const booted = async (what: typeof virtio, context: Context) => {
    program("qemu-system-x86_64", `touch ${folder}/started`);
    writeFileSync(join(folder, "hello.virtio"), "");
    const error: unknown = await bootImage(context, requestOf(what, join(folder, "hello.virtio"))).catch(
      (reason: unknown) => reason,
    );
    expect(existsSync(join(folder, "started"))).toBe(false);
    return error;
  };

  test("is not started without the program ping", async () => {
    expect(await booted(pinged, machine(false).context)).toMatchObject({
      name: "Problem",
      message: "the probe ping needs the program ping, which is not installed",
      facts: { do: ["sudo apt-get install iputils-ping", "probe `tcp://:PORT` instead"] },
    });
  });

  test("gets the program installed if that is allowed", async () => {
    for (const name of ["sudo", "true", "env"]) program(name);
    program("dpkg-query");
    const { context, ran } = machine(false);
    await booted({ ...pinged, installSystemPackages: true }, context);
    expect(ran.filter((command) => / install .*iputils-ping$/.test(command))).toHaveLength(1);
  });

  test("is not started when ping has no permission", async () => {
    program("ping");
    const { context } = machine(false);
    const run: Context["processes"]["run"] = async (argv, options) => ({
      ...(await context.processes.run(argv, options)),
      ...(argv[0] === "ping" ? { exitCode: 2, stderr: "ping: socket: Operation not permitted\n" } : {}),
    });
    expect(await booted(pinged, { ...context, processes: { run } })).toMatchObject({
      message: "the probe ping cannot run: ping does not work on this machine",
      facts: { evidence: ["ping: socket: Operation not permitted"] },
    });
  });
});

describe("a guest on a tap", () => {
  const networked = (net: string, more: Partial<BootRequest> = {}): BootRequest => ({
    ...requestOf(virtio, "/dist/hello"),
    image: { ...virtio.image, system: { kind: "unmarked" } },
    net: parseNetwork(net),
    ...more,
  });
  const isInstall = (command: string) => / install .*nftables$/.test(command);
  const withTap = () => Promise.resolve(undefined);
  const debian = (run?: (command: string) => number | undefined) => {
    for (const name of ["sudo", "true", "env", "dpkg-query"]) program(name);
    return machine(false, run);
  };

  test("gets nft installed, once for all boots", async () => {
    const { context, ran } = debian();
    const boots = ["tap", "host=10.0.7.1/24", "tap"].map((net) => ensureIsolation(context, networked(net), withTap));
    await Promise.all(boots);
    expect(ran.filter(isInstall)).toHaveLength(1);
  });

  test.each([
    ["it has no network", "none", {}, undefined],
    ["its network is no tap", "user", {}, undefined],
    ["it may reach everything", "tap outside", {}, undefined],
    ["nothing may be installed", "tap", { installSystemPackages: false }, undefined],
    ["no tap can be made", "tap", {}, "no rights"],
  ] as const)("gets none where %s", async (_, net, more, noTap) => {
    const { context, ran } = debian();
    await ensureIsolation(context, networked(net, more), () => Promise.resolve(noTap));
    expect(ran.filter(isInstall)).toEqual([]);
  });

  test("gets none that is there, and goes on where it cannot be installed", async () => {
    const { context, ran, logged } = debian((command) => (command.includes("apt-get") ? 100 : 0));
    await ensureIsolation(context, networked("tap"), withTap);
    expect(logged.join("\n")).toMatch(/^nftables could not be installed: updating the list of system packages failed/m);
    program("nft");
    await ensureIsolation({ ...context, host: { ...context.host } }, networked("tap"), withTap);
    expect(ran.filter(isInstall)).toHaveLength(1);
  });
});

describe("a guest with more devices than its machine has room for", () => {
  test("is not started, which is not a failure of the guest", async () => {
    program("qemu-system-x86_64", `touch ${folder}/started`);
    const { context } = machine(false);
    const devices = Array.from({ length: 31 }, (_, index) => ({ type: "block" as const, name: `disk${index}` }));
    const image = { ...virtio.image, system: { kind: "solo5" as const, abi: 3, abiVersion: 1, devices } };
    writeFileSync(join(folder, "hello.virtio"), "");
    await expect(bootImage(context, requestOf({ ...virtio, image }, join(folder, "hello.virtio")))).rejects.toThrow(
      new Problem("the guest has 31 network and block devices, too many for qemu-system-x86_64", {
        accepted: "30 devices",
        do:
          "use fewer in `net` and `block`, or declare fewer in the image’s manifest; " +
          "Solo5’s tenders take 63 when they run directly on the host",
      }),
    );
    expect(existsSync(join(folder, "started"))).toBe(false);
  });
});

describe("an image whose path contains whitespace", () => {
  const spaced = () => {
    const path = join(folder, "my project");
    mkdirSync(path);
    writeFileSync(join(path, "hello world.virtio"), "the image");
    return join(path, "hello world.virtio");
  };
  const request = (path: string) =>
    requestOf({ ...virtio, accelerator: "tcg", until: "exit", expect: [/the image/] }, path);

  test("is booted by QEMU through a link, which is removed afterwards", async () => {
    program("qemu-system-x86_64", 'while [ "$1" != -kernel ]; do shift; done; cat "$2"; echo; exit 83');
    const {
      verdict,
      attempts,
      consoleLog = "",
      imagePath,
    } = await bootImage(machine(false).context, request(spaced()));
    expect(verdict).toMatchObject({ verdict: "passed", evidence: { line: "the image" } });
    expect(attempts[0]?.argv.filter((word) => /\s/.test(word))).toEqual([]);
    expect(imagePath).toContain("hello world.virtio");
    expect(readFileSync(consoleLog, "utf8")).toBe("the image\n");
    expect(readdirSync(join(consoleLog, ".."))).toEqual(["console-hello world.virtio.log"]);
  });

  test("cannot be booted if the temporary folder’s path does too", async () => {
    program("qemu-system-x86_64");
    const { context } = machine(false);
    const folders = { ...context.host.folders, temporary: join(folder, "a place") };
    const booted = bootImage({ ...context, host: { ...context.host, folders } }, request(spaced()));
    await expect(booted).rejects.toThrow(/both the image’s path and the folder for a link to it contain whitespace/);
  });
});

test("a host process that is not executable is an error", async () => {
  const path = join(folder, "www");
  writeFileSync(path, "no program");
  const booted = bootImage(machine(false).context, requestOf(unix, path));
  await expect(booted).rejects.toThrow(Problem);
  await expect(booted).rejects.toMatchObject({ message: "www is not executable", facts: { do: `chmod +x ${path}` } });
});

describe("a unikernel that lacks arguments", () => {
  const usage = "Usage: www [--help] [OPTION]… KEY";
  const page = ["NAME", "       www", "", "ARGUMENTS", "       KEY (required)", "           The server’s key.", ""];
  const server = (help: string) => {
    const path = join(folder, "www");
    const complains = `echo '${usage}'; echo 'www: required argument KEY is missing'; exit 64`;
    writeFileSync(path, `#!/bin/sh\nif [ "$*" = --help=plain ]; then ${help}; else ${complains}; fi\n`);
    chmodSync(path, 0o755);
    return path;
  };
  const prints = page.map((line) => `echo '${line}'`).join("; ");

  test("is asked for its help, which the verdict and the console do not show otherwise", async () => {
    const report = await bootImage(machine(false).context, requestOf(unix, server(`${prints}; exit 63`)));
    expect(report.verdict).toMatchObject({ verdict: "failed", reason: "exit-status", exitStatus: 64 });
    expect(report.verdict.remedy).toBe(
      "set `args`: the image requires KEY (The server’s key); or set `check: help` to check only that it starts",
    );
    expect(report.attempts).toHaveLength(1);
    expect(readFileSync(report.consoleLog ?? "", "utf8")).toBe(`${usage}\nwww: required argument KEY is missing\n`);
  });

  test.each([
    ["that has no help", "exit 1", {}],
    ["that crashes", "kill -SEGV $$", {}],
    ["that was asked for its help itself", "exit 1", { args: ["--help"] }],
  ])("one %s fails as before", async (_, help, more) => {
    const report = await bootImage(machine(false).context, requestOf({ ...unix, ...more }, server(help)));
    expect(report.verdict).toMatchObject({ verdict: "failed", reason: "exit-status", exitStatus: 64 });
    expect(report.verdict.remedy?.startsWith("set `args`: the image requires KEY;")).toBe(
      "args" in more ? undefined : true,
    );
  });

  test("is not asked when it was expected to complain", async () => {
    const request = requestOf({ ...unix, until: "exit", expectExit: 64 }, server(`${prints}; exit 63`));
    const { verdict } = await bootImage(machine(false).context, request);
    expect(verdict).toMatchObject({ verdict: "passed", reason: "exited" });
    expect(verdict.remedy).toBeUndefined();
  });

  test("whose help never ends fails as before, after a limit of its own", async () => {
    const path = server("echo NAME; sleep 60");
    const { context } = machine(false);
    const site = { imagePath: path, args: [], devices: [], places: await placesFor(context, folder) };
    const outcome = {
      verdict: { verdict: "failed", reason: "exit-status", summary: "exited with status 64", exitStatus: 64, atMs: 1 },
      attempts: [{ accelerator: "native", monitor: "process", inCarrier: false, argv: [path], verdict: undefined }],
      consoleEnd: [usage],
    } as unknown as Pick<BootReport, "verdict" | "attempts" | "consoleEnd">;
    const plan = (asking: BootSite): AttemptPlan[] => [
      { vmm: "process", program: "process", accelerator: "native", argv: [path, ...asking.args], channels: 0 },
    ];
    const told = await withAskedArguments(context, requestOf(unix, path), site, plan, folder, outcome, 200);
    expect(told).toEqual({ ...outcome, verdict: { ...outcome.verdict, remedy: told.verdict.remedy } });
    expect(told.verdict.remedy).toContain("the image requires KEY");
  });
});

describe("several", () => {
  const told = () => {
    const lines: string[] = [];
    return { lines, context: { log: { line: (text: string) => lines.push(text) } } as unknown as Context };
  };
  const report = (scenario: string) => ({ scenario }) as BootReport;

  /** Boots that tell when they begin and end, and end when they are let. */
  function boots(names: readonly [string, ...string[]]) {
    const endings: Record<string, () => void> = {};
    const running = new Set<string>();
    const boot =
      (name: string) =>
      async ({ log }: Context) => {
        log.line(`${name} begins`);
        running.add(name);
        await new Promise<void>((resolve) => (endings[name] = resolve));
        running.delete(name);
        log.line(`${name} ends`);
        if (name.startsWith("bad")) throw new Error(name);
        return report(name);
      };
    const [first, ...others] = names;
    const list = [boot(first), ...others.map(boot)] as const;
    const end = async (name: string) => {
      endings[name]?.();
      await new Promise(setImmediate);
    };
    return { list, end, running };
  }

  test("no more than the limit run at a time, and the reports come in order", async () => {
    const { context, lines } = told();
    const { list, end, running } = boots(["a", "b", "c"]);
    const done = bootSeveral(context, list, 2);
    expect([...running]).toEqual(["a", "b"]);
    await end("b");
    expect([...running]).toEqual(["a", "c"]);
    expect(lines).toEqual(["b begins", "b ends"]);
    await end("c");
    await end("a");
    expect(await done).toEqual([report("a"), report("b"), report("c")]);
    expect(lines).toEqual(["b begins", "b ends", "c begins", "c ends", "a begins", "a ends"]);
  });

  test("a single one logs as it goes", async () => {
    const { context, lines } = told();
    const { list, end } = boots(["a"]);
    const done = bootSeveral(context, list, 4);
    expect(lines).toEqual(["a begins"]);
    await end("a");
    await done;
  });

  test("an error of one is thrown after the others have ended", async () => {
    const { context } = told();
    const { list, end, running } = boots(["bad", "b"]);
    const thrown = expect(bootSeveral(context, list, 2)).rejects.toThrow("bad");
    await end("bad");
    expect([...running]).toEqual(["b"]);
    await end("b");
    await thrown;
  });
});
