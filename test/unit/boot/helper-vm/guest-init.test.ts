import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, test } from "vitest";
import {
  initScript,
  runScript,
  dependenciesOf,
  loadOrder,
  moduleName,
} from "../../../../src/boot/helper-vm/guest-init.js";
import { MalformedFile } from "../../../../src/image/bytes.js";
import { elf } from "../../image/build.js";

const script = (asked: Partial<Parameters<typeof runScript>[0]> = {}) =>
  runScript({
    needs: ["console"],
    netCount: 0,
    lastDisk: undefined,
    libraries: false,
    run: { tender: "solo5-spt", args: [] },
    ...asked,
  });

describe("the script of a boot", () => {
  it("loads and sets up what the boot needs, then runs the tender", () => {
    const asked = script({
      needs: ["console", "kvm", "net", "block"],
      netCount: 2,
      lastDisk: "/dev/vda",
      libraries: true,
    });
    expect(asked.split("\n")).toEqual([
      "load console",
      "load kvm",
      "load net",
      "load block",
      "bridge 0",
      "bridge 1",
      "await_file /dev/vda",
      "export LD_LIBRARY_PATH=/carrier/lib",
      "run /carrier/solo5-spt",
      "",
    ]);
  });

  it("copies the guest’s memory to a disk when the tender is gone, if there is one for it", () => {
    const asked = script({ run: { tender: "solo5-spt", args: [], dump: "/dev/vdb" }, lastDisk: "/dev/vdb" });
    expect(asked.split("\n")).toEqual([
      "load console",
      "await_file /dev/vdb",
      "echo /core.%p >/proc/sys/kernel/core_pattern",
      "ulimit -c unlimited",
      "sync() { cat /core.* >/dev/vdb; command sync; }",
      "run /carrier/solo5-spt",
      "",
    ]);
  });

  it("passes every word to the tender unchanged", () => {
    const args = ["--mem=32", "two words", "it's", '$HOME `x` "q"', "a\nb\n", "*", "", "\\", "ü", "\t"];
    const functions = 'load() { :; }; run() { shift; for word; do printf "%s\\0" "$word"; done; }\n';
    const read = execFileSync("sh", ["-c", functions + script({ run: { tender: "solo5-spt", args } })], {
      encoding: "utf8",
    });
    expect(read.split("\0").slice(0, -1)).toEqual(args);
  });
});

test("the helper VM’s program is a shell script without syntax errors", () => {
  expect(() => execFileSync("sh", ["-n"], { input: initScript })).not.toThrow();
});

describe("the wait for the console’s port", () => {
  const [awaitPort = ""] = /^await_port\(\) .*$/m.exec(initScript) ?? [];
  const wait = (path: string, timeout: number) =>
    spawnSync("sh", ["-c", `${awaitPort}\nawait_port "$1"`, "sh", path], { timeout });

  it("continues while there is no port, and creates no file", () => {
    const folder = mkdtempSync(join(tmpdir(), "unikernel-ci-port-"));
    try {
      expect(wait(join(folder, "port"), 300).signal).toBe("SIGTERM");
      expect(readdirSync(folder)).toEqual([]);
      writeFileSync(join(folder, "file"), "");
      expect(wait(join(folder, "file"), 300).signal).toBe("SIGTERM");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("is over when it opens", () => expect(wait("/dev/null", 600_000)).toMatchObject({ status: 0, signal: null }));
});

describe("modules", () => {
  test.each([
    ["kernel/arch/x86/kvm/kvm-amd.ko.xz", "kvm_amd"],
    ["kernel/drivers/net/tun.ko", "tun"],
    ["kernel/net/bridge/bridge.ko.zst", "bridge"],
  ])("the module in %s is %s", (file, name) => expect(moduleName(file)).toBe(name));

  describe("a module’s dependencies", () => {
    const module = (...fields: string[]) =>
      elf({
        type: 1,
        sections: [{ name: ".modinfo", type: 1, data: Buffer.from(fields.map((field) => `${field}\0`).join("")) }],
      });

    it("are those of its modinfo", () => {
      expect(dependenciesOf(module("license=GPL", "depends=kvm,irq-bypass", "name=kvm_amd"))).toEqual([
        "kvm",
        "irq_bypass",
      ]);
    });

    it("may be none", () => {
      expect(dependenciesOf(module("depends=", "name=tun"))).toEqual([]);
      expect(dependenciesOf(module("name=tun"))).toEqual([]);
    });

    it("are refused for a file that is not a module", () => {
      expect(() => dependenciesOf(elf({ type: 1 }))).toThrow(MalformedFile);
      expect(() => dependenciesOf(Buffer.from("xz"))).toThrow(MalformedFile);
    });
  });

  describe("the load order", () => {
    const dependencies = new Map([
      ["kvm_amd", ["kvm", "ccp"]],
      ["kvm", ["irqbypass"]],
      ["irqbypass", []],
      ["ccp", ["irqbypass"]],
      ["tun", []],
    ]);

    it("has each module once, after all that it depends on", () => {
      expect(loadOrder(["tun", "kvm_amd", "kvm"], dependencies)).toEqual(["tun", "irqbypass", "kvm", "ccp", "kvm_amd"]);
    });

    it("leaves out what is built in, wanted or depended on", () => {
      expect(loadOrder(["virtio_net", "a"], new Map([["a", ["virtio"]]]))).toEqual(["a"]);
    });

    it("ends although modules depend on each other", () => {
      expect(
        loadOrder(
          ["a"],
          new Map([
            ["a", ["b"]],
            ["b", ["a"]],
          ]),
        ),
      ).toEqual(["b", "a"]);
    });
  });
});
