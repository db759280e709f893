import { expect, test, describe } from "vitest";
import type { AttachedDevice } from "../../../../src/boot/devices/devices.js";
import { vmms } from "../../../../src/boot/vmms/vmms.js";
import { askedOf, goodMachine, siteOf } from "../requests.js";
import { commandLine } from "../../../../src/boot/vmms/solo5.js";

const devices: readonly AttachedDevice[] = [
  { type: "block", name: "storage", path: "/tmp/boot/storage.img" },
  {
    type: "net",
    name: "service",
    mac: "52:54:00:00:00:02",
    link: { kind: "tap", interface: "uci0a000000", host: "10.0.0.1/24", guest: "10.0.0.2" },
  },
];

const argv = (given: readonly AttachedDevice[]) => {
  const site = siteOf({ imagePath: "/project/www.spt", args: ["--port=80", "a b"], devices: given });
  return vmms["solo5-spt"].command(askedOf("spt", { memory: 32 }), site, "native", goodMachine).argv;
};

test("a tender gets its devices by name, before the image", () => {
  expect(argv(devices)).toEqual([
    "solo5-spt",
    "--mem=32",
    "--block:storage=/tmp/boot/storage.img",
    "--net:service=uci0a000000",
    "--net-mac:service=52:54:00:00:00:02",
    "--",
    "/project/www.spt",
    '--port=80 "a b"',
  ]);
});

test("Solo5’s debugging tender writes the memory of a guest that KVM runs, with the same words", () => {
  const site = siteOf({ devices, places: { dumps: "/tmp/boot/dumps" } });
  const [, ...words] = vmms["solo5-hvt"].command(askedOf("hvt"), site, "kvm", goodMachine).argv;
  const dumping = vmms["solo5-hvt"].dumped?.(askedOf("hvt"), site).argv;
  expect(dumping).toEqual(["solo5-hvt-debug", "--dumpcore=/tmp/boot/dumps", ...words]);
  expect(vmms["solo5-spt"].dumped?.(askedOf("spt"), site)).toBeUndefined();
});

test("a tender cannot use user networking", () => {
  const link = {
    kind: "user",
    network: "10.0.0.0/24",
    guest: "10.0.0.2",
    gateway: "10.0.0.1",
    outside: false,
    forwards: [],
  } as const;
  const user: AttachedDevice = { type: "net", name: "service", mac: "52:54:00:00:00:02", link };
  expect(argv([user])).not.toContainEqual(expect.stringContaining("service"));
});

describe("command line", () => {
  test.each([
    ["plain words stand as they are", ["--ipv4=10.0.0.2/24", "-l", "*:debug"], "--ipv4=10.0.0.2/24 -l *:debug"],
    ["a word with whitespace is quoted", ["--hello=to you"], '"--hello=to you"'],
    ["tabs and newlines too", ["a\tb", "c\nd"], '"a\tb" "c\nd"'],
    ["an empty word stays a word", ["", "x"], '"" x'],
    ["quotes and backslashes are escaped", ['say "hi"', "C:\\"], '"say \\"hi\\"" "C:\\\\"'],
    ["other shell characters mean nothing", ["it's", "$HOME", "`x`", ";"], "it's $HOME `x` ;"],
    ["no words", [], ""],
  ])("%s", (_, words, expected) => {
    expect(commandLine(words)).toBe(expected);
  });
});
