import { expect, test } from "vitest";
import {
  firstFree,
  formatAddress,
  formatSubnet,
  isHostOf,
  isUsable,
  networkOf,
  overlap,
  parseAddress,
  parseSubnet,
} from "../../../../src/boot/devices/subnet.js";

test.each(["0.0.0.0", "10.0.0.2", "192.168.77.1", "255.255.255.255"])("%s is read and written", (text) => {
  expect(formatAddress(parseAddress(text))).toBe(text);
});

test.each(["", "10.0.0", "10.0.0.256", "10.0.0.2.3", "10.0.0.x", " 10.0.0.2"])("%j is no address", (text) => {
  expect(() => parseAddress(text)).toThrow(RangeError);
});

test.each(["10.0.0.2", "10.0.0.2/33", "10.0.0.2/", "10.0.0.2/x", "/24"])("%j is no subnet", (text) => {
  expect(() => parseSubnet(text)).toThrow(RangeError);
});

test.each([
  ["10.0.0.77/24", "10.0.0.0/24"],
  ["10.1.7.4/20", "10.1.0.0/20"],
  ["200.1.2.3/8", "200.0.0.0/8"],
  ["200.1.2.3/32", "200.1.2.3/32"],
  ["200.1.2.3/0", "0.0.0.0/0"],
])("%s lies in %s", (address, network) => {
  expect(formatSubnet(networkOf(parseSubnet(address)))).toBe(network);
});

test.each([
  ["10.0.0.1/24", "10.0.0.200/24", true],
  ["10.0.0.1/24", "10.0.1.1/24", false],
  ["10.0.5.1/24", "10.0.0.1/16", true],
  ["10.0.0.1/16", "10.0.5.1/24", true],
  ["10.1.0.1/24", "10.0.0.1/16", false],
])("whether %s and %s overlap: %s", (one, other, expected) => {
  expect(overlap(parseSubnet(one), parseSubnet(other))).toBe(expected);
});

test.each([
  ["10.0.0.0", false],
  ["10.0.0.1", true],
  ["10.0.0.254", true],
  ["10.0.0.255", false],
  ["10.0.1.1", false],
])("whether %s can be a host of 10.0.0.0/24: %s", (address, expected) => {
  expect(isHostOf(parseAddress(address), parseSubnet("10.0.0.9/24"))).toBe(expected);
});

test.each([
  ["10.0.0.1/24", true],
  ["10.0.0.1/29", true],
  ["10.0.0.1/30", false],
  ["10.0.0.1/7", false],
  ["10.0.0.0/24", false],
])("whether a host and a guest fit in with %s: %s", (subnet, expected) => {
  expect(isUsable(parseSubnet(subnet))).toBe(expected);
});

test("the first free address is the lowest unused one", () => {
  const free = (...taken: string[]) => formatAddress(firstFree(parseSubnet("10.0.0.9/24"), taken.map(parseAddress)));
  expect(free()).toBe("10.0.0.1");
  expect(free("10.0.0.1", "10.0.0.2")).toBe("10.0.0.3");
  expect(free("10.0.0.2")).toBe("10.0.0.1");
});
