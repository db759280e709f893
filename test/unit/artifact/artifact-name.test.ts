import { describe, expect, it } from "vitest";
import { artifactName, checkedArtifactName, portableFileName } from "../../../src/artifact/artifact-name.js";

const leg = { unikernel: "www", variant: [], target: "hvt", architecture: "x86_64" } as const;

describe("artifactName", () => {
  it.each([
    [[], "unikernel-www-hvt-x86_64"],
    [["--dhcp=true"], "unikernel-www-dhcp=true-hvt-x86_64"],
    [["--dhcp", "--tls=false"], "unikernel-www-dhcp+tls=false-hvt-x86_64"],
  ])("reads well with configure-args %j", (variant, name) => {
    expect(artifactName({ ...leg, variant })).toBe(name);
  });

  it("replaces long or unreadable configure-args with a unique hash", () => {
    const variants = [
      ["a", "b"],
      ["a b"],
      ["--x", "1/2"],
      ["--x", "1-2"],
      ["--x=1/2"],
      ["-x"],
      ["--long=" + "x".repeat(50)],
    ];
    const names = variants.map((variant) => artifactName({ ...leg, variant }));
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^unikernel-www-[0-9a-f]{8}-hvt-x86_64$/);
  });

  it("contains no character that the service refuses, whatever the unikernel’s name", () => {
    const names = ["a/b", "a:b", "a\nb", "a b", "../..", "x".repeat(300), "é"].map((unikernel) =>
      artifactName({ ...leg, unikernel }),
    );
    for (const name of names) {
      expect(name).toMatch(/^[\w.+-]{1,120}$/);
      expect(checkedArtifactName(name)).toBe(name);
    }
    expect(new Set(names).size).toBe(names.length);
  });
});

describe("a name that a user chose", () => {
  it.each([
    "build-info.json",
    "a/b",
    "a\\b",
    'a"b',
    "a:b",
    "a<b",
    "a>b",
    "a|b",
    "a*b",
    "a?b",
    "a\rb",
    "a\nb",
    "",
    ".",
    "..",
    "x".repeat(201),
  ])("is refused when the service or a reader would misread it: %j", (name) => {
    expect(() => checkedArtifactName(name)).toThrow("input artifact-name");
  });

  it("is used unchanged otherwise", () => {
    expect(checkedArtifactName("my www (hvt)")).toBe("my www (hvt)");
  });
});

it("a file’s name in an artifact loses what the service refuses", () => {
  expect(portableFileName("console-a:b/c.log")).toBe("console-a-b-c.log");
  // sha256sum would check its standard input.
  expect(portableFileName("|")).toBe("_");
});
