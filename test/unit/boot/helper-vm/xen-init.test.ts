import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, test } from "vitest";
import { HelperVmReader } from "../../../../src/boot/helper-vm/helper-process.js";
import { attachScript, endOfDomain, xenInitScript, xenRunScript } from "../../../../src/boot/helper-vm/xen-init.js";

test("the script of a boot loads and sets up what it needs, then runs the domain", () => {
  expect(xenRunScript({ netCount: 2, lastDisk: "/dev/vdb" }).split("\n")).toEqual([
    "load console",
    "load net",
    "load block",
    "bridge 0",
    "bridge 1",
    "await_file /dev/vdb",
    "run",
    "",
  ]);
  expect(xenRunScript({ netCount: 0, lastDisk: undefined })).toBe("load console\nrun\n");
});

test.each([
  ["the only program", xenInitScript],
  ["the script for devices", attachScript],
])("%s is a shell script without syntax errors", (_, script) => {
  expect(() => execFileSync("sh", ["-n"], { input: script })).not.toThrow();
});

test.each([
  ["poweroff", 0, undefined],
  ["reboot, as after a triple fault", 1, "reset"],
  ["crash", 3, "crashed"],
  ["watchdog", 4, "crashed"],
  ["soft reset", 5, "reset"],
])("a domain that was shut down for %s", (_, reason, guest) => {
  expect(endOfDomain(reason)).toEqual({ code: 0, signal: null, ...(guest === undefined ? {} : { guest }) });
});

describe("the run of a domain", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "unikernel-ci-xl-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** The init script's function `run` with a make-believe `xl`, which writes the console as xenconsoled does. */
  function run(xl: string, console = "") {
    const body = /\nrun\(\) \{\n[^]*?\n\}\n/.exec(xenInitScript)?.[0] ?? "";
    const program = join(folder, "xl");
    writeFileSync(program, `#!/bin/sh\n[ "$1" = create ] || { echo "$*" >>${folder}/xl.log; exit 0; }\n${xl}`);
    chmodSync(program, 0o755);
    writeFileSync(join(folder, "console"), console);
    execFileSync("mkfifo", [join(folder, "log"), join(folder, "err")]);
    const script = [
      `PATH="${folder}:$PATH"; log=${folder}/log`,
      'await_port() { :; }; sync() { :; }; stay() { kill "$relay" 2>/dev/null; exit 0; }',
      'fail() { echo "carrier: failed $*"; stay; }',
      body.replaceAll("/dev/vport0p1", () => `${folder}/port`).replaceAll("/err", () => `${folder}/err`),
      "run",
    ].join("\n");
    const { stdout } = spawnSync("sh", ["-c", script], { encoding: "utf8", timeout: 60_000, killSignal: "SIGKILL" });
    const read = (name: string) => readFileSync(join(folder, name), "utf8");
    return { events: new HelperVmReader().add(Buffer.from(stdout)), stdout, read };
  }

  const chatter = [
    "Parsing config from /carrier/domain",
    "Waiting for domain unikernel (domid 1) to die [pid 110]",
    "Domain 1 has shut down, reason code 3 0x3",
    "Action for shutdown reason code 3 is destroy",
    "Domain 1 needs to be cleaned up: destroying the domain",
    "Done. Exiting now",
  ];
  const saying = (lines: readonly string[]) => lines.map((line) => `echo '${line}' >&2\n`).join("");

  it("starts it when it is complete, and reports how it was shut down, after all of its console", () => {
    const console = "hello\ncarrier: shutdown 0\ncarrier: end 0\n";
    const { events, read } = run(`cat ${join(folder, "console")} >${join(folder, "log")}\n${saying(chatter)}`, console);
    expect(events).toEqual([{ kind: "start" }, { kind: "end", end: { code: 0, signal: null, guest: "crashed" } }]);
    expect(read("xl.log")).toBe("unpause unikernel\n");
    expect(read("port")).toBe(console);
  });

  it("passes on xl’s words when there is no domain, as a failure whatever xl’s status is", () => {
    const { events } = run(`${saying(["xc: error: no loader found", "carrier: end 0"])}exit 3`);
    expect(events).toEqual([
      { kind: "error", line: "xc: error: no loader found" },
      { kind: "error", line: "carrier: end 0" },
      { kind: "end", end: { code: 1, signal: null } },
    ]);
  });

  it("fails when xl ends well without a domain, or was killed", () => {
    expect(run("exit 0").events).toEqual([{ kind: "end", end: { code: 1, signal: null } }]);
    rmSync(join(folder, "log"));
    rmSync(join(folder, "err"));
    expect(run("kill -KILL $$").events).toEqual([{ kind: "failed", because: "it ran out of memory" }]);
  });
});
