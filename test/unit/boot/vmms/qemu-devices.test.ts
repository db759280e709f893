import { describe, expect, test } from "vitest";
import type { AttachedDevice, TapLink, UserLink } from "../../../../src/boot/devices/devices.js";
import { deviceOptions, driveOption, netdevOption } from "../../../../src/boot/vmms/qemu-devices.js";

const tap: TapLink = { kind: "tap", interface: "uci0a000000", host: "10.0.0.1/24", guest: "10.0.0.2" };
const user: UserLink = {
  kind: "user",
  network: "10.0.0.0/24",
  guest: "10.0.0.2",
  gateway: "10.0.0.1",
  outside: false,
  forwards: [
    { protocol: "tcp", hostPort: 40001, guestPort: 80 },
    { protocol: "udp", hostPort: 40002, guestPort: 53 },
  ],
};

test("no devices, no options", () => {
  expect(deviceOptions([])).toEqual([]);
});

test("devices sit in slots without a gap, in the order in which they are given", () => {
  const devices: AttachedDevice[] = [
    { type: "block", name: "storage", path: "/tmp/boot/storage.img" },
    { type: "net", name: "service", mac: "52:54:00:00:00:02", link: tap },
    { type: "block", name: "cache", path: "/tmp/boot/cache.img" },
  ];
  expect(deviceOptions(devices)).toEqual([
    "-drive",
    "file=/tmp/boot/storage.img,if=none,id=disk0,format=raw",
    "-device",
    "virtio-blk-pci,drive=disk0,bus=pcie.0,addr=0x1",
    "-netdev",
    "tap,id=net1,ifname=uci0a000000,script=no,downscript=no",
    "-device",
    "virtio-net-pci,netdev=net1,mac=52:54:00:00:00:02,romfile=,bus=pcie.0,addr=0x2",
    "-drive",
    "file=/tmp/boot/cache.img,if=none,id=disk2,format=raw",
    "-device",
    "virtio-blk-pci,drive=disk2,bus=pcie.0,addr=0x3",
  ]);
});

test("slots are counted in hexadecimal", () => {
  const devices = Array.from({ length: 16 }, (_, index) => ({
    type: "block" as const,
    name: `d${index}`,
    path: `/d${index}`,
  }));
  expect(deviceOptions(devices).at(-1)).toBe("virtio-blk-pci,drive=disk15,bus=pcie.0,addr=0x10");
});

describe("a user network", () => {
  test("lets only the forwarded ports in, and nothing out", () => {
    expect(netdevOption(user, "net0")).toBe(
      "user,id=net0,net=10.0.0.0/24,host=10.0.0.1,dns=10.0.0.3,dhcpstart=10.0.0.2,ipv6=off,restrict=on," +
        "hostfwd=tcp:127.0.0.1:40001-10.0.0.2:80,hostfwd=udp:127.0.0.1:40002-10.0.0.2:53",
    );
  });

  test("lets everything out with `outside`", () => {
    expect(netdevOption({ ...user, outside: true, forwards: [] }, "net0")).toBe(
      "user,id=net0,net=10.0.0.0/24,host=10.0.0.1,dns=10.0.0.3,dhcpstart=10.0.0.2,ipv6=off",
    );
  });

  test("has a name server that is neither the guest nor the gateway", () => {
    expect(netdevOption({ ...user, guest: "10.0.0.1", gateway: "10.0.0.3" }, "net0")).toContain(",dns=10.0.0.2,");
  });
});

test("a comma in a path does not end it", () => {
  expect(driveOption("/a, b,c.img", "disk0")).toBe("file=/a,, b,,c.img,if=none,id=disk0,format=raw");
});
