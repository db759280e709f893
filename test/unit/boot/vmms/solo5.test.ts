import { expect, test } from "vitest";
import type { AttachedDevice } from "../../../../src/boot/devices/devices.js";
import { vmms } from "../../../../src/boot/vmms/vmms.js";
import { askedOf, goodMachine, siteOf } from "../requests.js";

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

test("a tender is told of its devices by their names, before the image", () => {
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

test("a tender knows nothing of user networking", () => {
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
