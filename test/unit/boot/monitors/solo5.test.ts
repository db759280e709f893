import { expect, test } from "vitest";
import type { AttachedDevice } from "../../../../src/boot/devices/devices.js";
import { planTender } from "../../../../src/boot/monitors/solo5.js";

const devices: readonly AttachedDevice[] = [
  { type: "block", name: "storage", path: "/tmp/boot/storage.img" },
  {
    type: "net",
    name: "service",
    mac: "52:54:00:00:00:02",
    link: { kind: "tap", interface: "uci0a000000", host: "10.0.0.1/24", guest: "10.0.0.2" },
  },
];

const request = { imagePath: "/project/www.spt", memoryMiB: 32, args: ["--port=80", "a b"], ownsArgv0: false, devices };

test("a tender is told of its devices by their names, before the image", () => {
  expect(planTender("solo5-spt", "native", request).argv).toEqual([
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
  expect(planTender("solo5-spt", "native", { ...request, devices: [user] }).argv).not.toContainEqual(
    expect.stringContaining("service"),
  );
});
