import { describe, expect, test } from "vitest";
import {
  type NetworkOptions,
  defaultNetwork,
  parseDisks,
  parseNetwork,
} from "../../../../src/boot/devices/device-text.js";
import { parseAddress, parseSubnet } from "../../../../src/boot/devices/subnet.js";
import { InputError } from "../../../../src/platform/problem.js";

const options = (changes: Partial<NetworkOptions>) => ({ ...defaultNetwork, ...changes });

describe("net", () => {
  test.each([
    ["", {}],
    ["auto", {}],
    ["tap", { mode: "tap" }],
    ["user", { mode: "user" }],
    ["tap outside", { mode: "tap", outside: true }],
    ["user outside", { mode: "user", outside: true }],
    ["outside", { outside: true }],
    ["host=192.168.77.1/28", { host: parseSubnet("192.168.77.1/28") }],
    [
      "tap host=10.1.0.1/24 guest=10.1.0.9",
      { mode: "tap", host: parseSubnet("10.1.0.1/24"), guest: parseAddress("10.1.0.9") },
    ],
    ["mac=52:54:00:AB:cd:01", { mac: "52:54:00:ab:cd:01" }],
    ["\n  # both\n tap \n", { mode: "tap" }],
  ] as const)("%j is for any device", (text, changes) => {
    expect(parseNetwork(text)).toEqual({ kind: "any", options: options(changes) });
  });

  test("none is none", () => {
    expect(parseNetwork("none")).toEqual({ kind: "none" });
  });

  test("named lines are for those devices", () => {
    expect(parseNetwork("service: tap\n# the other one\nmanagement:\nuser: user outside\n")).toEqual({
      kind: "named",
      devices: [
        { name: "service", options: options({ mode: "tap" }) },
        { name: "management", options: options({}) },
        { name: "user", options: options({ mode: "user", outside: true }) },
      ],
    });
  });

  test.each([
    ["bridge", /auto, tap, user or none/],
    ["tap none", /auto, tap, user or none/],
    ["service: none", /auto, tap, user or none/],
    ["service: tap\ntap", /a line `NAME: auto\|tap\|user`/],
    ["my-net: tap", /auto, tap, user or none/],
    ["service: tap\nservice: user", /each name once/],
    ["host=10.0.0.1", /a prefix of 8 to 29/],
    ["host=10.0.0.0/24", /a prefix of 8 to 29/],
    ["host=10.0.0.1/31", /a prefix of 8 to 29/],
    ["guest=10.0.0", /an IPv4 address/],
    ["guest=10.0.0.255", /other than the host’s own/],
    ["host=10.0.0.1/24 guest=10.0.1.2", /on the host’s network/],
    ["host=10.0.0.1/24 guest=10.0.0.1", /other than the host’s own/],
    ["mac=53:54:00:12:34:56", /a unicast MAC address/],
    ["mac=52:54:00", /a unicast MAC address/],
    ["outside=yes", /auto, tap, user or none/],
    ["tap=1", /auto, tap, user or none/],
  ])("%j is refused", (text, accepted) => {
    expect(() => parseNetwork(text)).toThrow(InputError);
    expect(() => parseNetwork(text)).toThrow(
      expect.objectContaining({ accepted: expect.stringMatching(accepted) as string }),
    );
  });
});

describe("block", () => {
  test.each([
    ["storage: disk.img", { path: "disk.img" }],
    ["storage: disk.img, ro", { path: "disk.img", readOnly: true }],
    ["storage: disk.img, size=4MiB", { path: "disk.img", size: 4 * 2 ** 20 }],
    ["storage: disk.img, size=512, ro", { path: "disk.img", size: 512, readOnly: true }],
    ["storage: disk.img , ro , size=1GiB", { path: "disk.img", size: 2 ** 30, readOnly: true }],
    ["storage: a, b, ro.img", { path: "a, b, ro.img" }],
    ["storage: my disk.img,ro", { path: "my disk.img", readOnly: true }],
    ["storage: scratch", { path: undefined }],
    ["storage: scratch, size=64KiB", { path: undefined, size: 65536 }],
    ["storage: ./scratch", { path: "./scratch" }],
  ])("%j", (text, changes) => {
    expect(parseDisks(text)).toEqual([{ name: "storage", size: undefined, readOnly: false, ...changes }]);
  });

  test("one disk per line, in order", () => {
    expect(parseDisks("# disks\nb: one\n\na: two\r\n").map(({ name, path }) => [name, path])).toEqual([
      ["b", "one"],
      ["a", "two"],
    ]);
    expect(parseDisks("")).toEqual([]);
  });

  test.each([
    ["disk.img", /a line `NAME: PATH`/],
    ["storage:", /a line `NAME: PATH`/],
    ["storage: , ro", /a line `NAME: PATH`/],
    ["sto/rage: disk.img", /a line `NAME: PATH`/],
    ["storage: scratch, ro", /a line `NAME: PATH`/],
    ["storage: x, size=1MiB, size=2MiB", /a line `NAME: PATH`/],
    ["storage: x, size=1MB", /a size such as 4MiB/],
    ["storage: x, size=0", /a size such as 4MiB/],
    ["storage: x, size=1000", /a multiple of 512 bytes/],
    ["storage: x, size=2048GiB", /up to 1024GiB/],
    ["storage: x\nstorage: y", /each name once/],
  ])("%j is refused", (text, accepted) => {
    expect(() => parseDisks(text)).toThrow(InputError);
    expect(() => parseDisks(text)).toThrow(
      expect.objectContaining({ accepted: expect.stringMatching(accepted) as string }),
    );
  });
});
