import { describe, expect, it, test } from "vitest";
import { dependenciesOf, loadOrder, moduleName } from "../../../../src/boot/helper-vm/modules.js";
import { MalformedFile } from "../../../../src/image/bytes.js";
import { elf } from "../../image/build.js";

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

  it("are not guessed for a file that is no module", () => {
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

  it("comes to an end where modules depend on each other", () => {
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
