import { describe, expect, test } from "vitest";
import { addressesOf, aliasOf, parseAlias } from "../../../../src/platform/network/interfaces.js";

describe("an alias", () => {
  test("records its owner", () => {
    const mark = { pid: 4711, start: 123456, place: "deadbeefdeadbeef" };
    expect(parseAlias(aliasOf(mark, 7))).toEqual(mark);
  });

  test.each([
    "",
    "unikernel-ci",
    "unikernel-ci pid=1 start=2 place=0000000000000000 boot=1 and more",
    "my unikernel-ci pid=1 start=2 place=0000000000000000 boot=1",
    "unikernel-ci pid=x start=2 place=0000000000000000 boot=1",
  ])("%j is not ours", (alias) => {
    expect(parseAlias(alias)).toBeUndefined();
  });
});

test("addresses are read as ip(8) prints them", () => {
  const output = [
    "1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever",
    "4: eth0    inet 10.1.0.4/20 metric 100 brd 10.1.15.255 scope global eth0\\       valid_lft forever",
    "4: eth0    inet 192.168.7.4/24 scope global secondary eth0\\       valid_lft forever",
    "7: wg0    inet 10.8.0.2 peer 10.8.0.1/32 scope global wg0\\       valid_lft forever",
    "9: veth0@if8    inet 172.17.0.1/16 brd 172.17.255.255 scope global veth0\\       valid_lft forever",
    "",
  ].join("\n");
  expect([...addressesOf(output)]).toEqual([
    ["lo", ["127.0.0.1/8"]],
    ["eth0", ["10.1.0.4/20", "192.168.7.4/24"]],
    ["wg0", ["10.8.0.1/32"]],
    ["veth0", ["172.17.0.1/16"]],
  ]);
});
