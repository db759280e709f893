import { describe, expect, test } from "vitest";
import { addressArguments, toldAddress } from "../../../../src/boot/devices/addresses.js";
import type { AttachedDevice } from "../../../../src/boot/devices/devices.js";
import { parseAddress, parseSubnet } from "../../../../src/boot/devices/subnet.js";

const tap: AttachedDevice = {
  type: "net",
  name: "service",
  mac: "52:54:00:00:00:02",
  link: { kind: "tap", interface: "uci0a000000", host: "10.0.3.1/24", guest: "10.0.3.2" },
};
const user: AttachedDevice = {
  type: "net",
  name: "service",
  mac: "52:54:00:00:00:02",
  link: { kind: "user", network: "10.0.0.0/16", guest: "10.0.0.9", gateway: "10.0.0.7", outside: false, forwards: [] },
};
const disk: AttachedDevice = { type: "block", name: "storage", path: "/disk" };
const both = ["ipv4", "ipv4-gateway"] as const;

describe("a mirage unikernel gets its address", () => {
  test.each([
    ["on a tap", [disk, tap], [], both, ["--ipv4=10.0.3.2/24", "--ipv4-gateway=10.0.3.1"]],
    ["on a user network", [user], [], both, ["--ipv4=10.0.0.9/16", "--ipv4-gateway=10.0.0.7"]],
    ["of its first device", [tap, user], [], both, ["--ipv4=10.0.3.2/24", "--ipv4-gateway=10.0.3.1"]],
    [
      "beside other arguments",
      [tap],
      ["--port=80", "--ipv4-only=true", "ipv4"],
      both,
      ["--ipv4=10.0.3.2/24", "--ipv4-gateway=10.0.3.1"],
    ],
    [
      "without a gateway, where the user names one",
      [tap],
      ["--ipv4-gateway", "10.0.3.9"],
      both,
      ["--ipv4=10.0.3.2/24"],
    ],
    ["without a gateway, where it takes none", [tap], [], ["ipv4"], ["--ipv4=10.0.3.2/24"]],
    [
      "beside that of another stack of it",
      [tap, user],
      ["--management-ipv4=10.9.0.2/24"],
      ["ipv4"],
      ["--ipv4=10.0.3.2/24"],
    ],
  ] as const)("%s", (_, devices, args, known, words) => {
    const added = addressArguments(devices, args, known);
    expect(added.words).toEqual(words);
    expect(added.story).toContain(words.join(" "));
  });

  test.each([
    ["the user gave it", [tap], ["--ipv4=10.0.0.2/24"], both],
    ["the user gave it in two words", [tap], ["--ipv4", "10.0.0.2/24"], both],
    ["the user has told its only stack, which has a group", [tap], ["--management-ipv4=10.0.0.2/24"], both],
    ["it does not take it", [tap], [], []],
    ["it has no network", [disk], [], both],
  ] as const)("but not when %s", (_, devices, args, known) => {
    expect(addressArguments(devices, args, known)).toEqual({ words: [] });
  });
});

test.each([
  [["--ipv4=10.0.0.7/24"], { guest: parseSubnet("10.0.0.7/24"), gateway: undefined }],
  [
    ["-v", "--ipv4", "10.0.0.7/24", "--ipv4-gateway=10.0.0.1"],
    { guest: parseSubnet("10.0.0.7/24"), gateway: parseAddress("10.0.0.1") },
  ],
  [["--ipv4-gateway=10.0.0.1"], undefined],
  [["--ipv4=0.0.0.0/0"], undefined],
  [["--ipv4=nonsense"], undefined],
  [["--ipv4"], undefined],
  [[], undefined],
])("what %j tells of the address", (args, told) => {
  expect(toldAddress(args)).toEqual(told);
});
