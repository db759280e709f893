import { describe, expect, it } from "vitest";
import { mayMount, mountPointsIn } from "../../../../src/platform/files/mount.js";

const machine = "         0          0 4294967295\n";
const status = (capBnd: string) => `Name:\tnode\nCapEff:\t0000000000000000\nCapBnd:\t${capBnd}\nSeccomp:\t0\n`;

describe("a file system", () => {
  it.each([
    ["on a machine", status("000001ffffffffff"), machine, true],
    ["in a privileged container", status("000001ffffffffff"), machine, true],
    ["in a container of Docker", status("00000000a80425fb"), machine, false],
    [
      "in a user namespace, whose root is not the machine’s",
      status("000001ffffffffff"),
      "         0       1000          1\n",
      false,
    ],
    ["without the facts in /proc", "", "", false],
  ])("%s: may be mounted or not", (_, text, uidMap, expected) => {
    expect(mayMount(text, uidMap)).toBe(expected);
  });
});

describe("the mount points in a folder", () => {
  const mountinfo = [
    "27 1 254:0 / / rw,relatime - ext4 /dev/root rw",
    "45 27 0:40 / /tools/key rw,nosuid - overlay unikernel-ci rw,lowerdir=/x",
    "46 27 0:41 / /tools/key/inner rw - tmpfs tmpfs rw",
    "47 27 0:42 / /tools/key.image/lower ro - squashfs /dev/loop0 ro",
    "48 27 0:43 / /tools/with\\040blank rw - tmpfs tmpfs rw",
    "",
  ].join("\n");

  it("are listed last first, without those in other folders", () => {
    expect(mountPointsIn(mountinfo, "/tools/key")).toEqual(["/tools/key/inner", "/tools/key"]);
    expect(mountPointsIn(mountinfo, "/tools/key.image")).toEqual(["/tools/key.image/lower"]);
    expect(mountPointsIn(mountinfo, "/tools/ke")).toEqual([]);
  });

  it("are listed without escapes", () => {
    expect(mountPointsIn(mountinfo, "/tools/with blank")).toEqual(["/tools/with blank"]);
  });
});
