import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { writeBootFiles } from "../../../src/artifact/boot-files.js";
import { recordBoot } from "../../../src/artifact/image-record.js";
import { consolePath } from "../../../src/boot/devices/devices.js";
import { bootOf, newContext, newImage, passed, solo5Hvt } from "./fixtures.js";

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return error;
  }
}

describe("the files of a boot step", () => {
  it("lie beside the consoles and name them", async () => {
    const context = newContext();
    const built = newImage(context.host.folders.workspace, "www.hvt", "bytes");
    const { path: imagePath, sha256 } = built;
    const probes = [{ text: "tcp://:80", holds: true, said: "connected", atMs: 310 }];
    const reports = ["http", "help"].map((scenario) =>
      bootOf(passed, { imagePath, scenario, probes, consoleLog: consolePath(context, imagePath, scenario) }),
    );
    const files = await writeBootFiles(context, [
      { image: built, target: "hvt", architecture: "x86_64", boots: reports.map(recordBoot) },
    ]);
    const folder = dirname(consolePath(context, imagePath));
    expect([dirname(files.json), dirname(files.junit)]).toEqual([folder, folder]);
    const written: unknown = JSON.parse(readFileSync(files.json, "utf8"));
    expect(written).toMatchObject({
      schema: 1,
      images: [
        {
          unikernel: "www",
          file: "www.hvt",
          bytes: 5,
          sha256,
          target: "hvt",
          architecture: "x86_64",
          image: solo5Hvt,
          boots: [
            { scenario: "http", ...passed, accelerator: "kvm", probes, console: "console-www.hvt-http.log" },
            { scenario: "help", ...passed, attempts: reports[1]?.attempts, console: "console-www.hvt-help.log" },
          ],
        },
      ],
    });
    expect(readFileSync(files.junit, "utf8")).toContain('<testsuite name="www hvt x86_64" tests="2"');
  });

  it("are about all images of the step, with the way to the consoles of each", async () => {
    const context = newContext();
    const { workspace } = context.host.folders;
    const [www, dns] = [newImage(workspace, "www.hvt", "one"), newImage(workspace, "dns.spt", "two")];
    const bootsOf = ({ path }: typeof www) => [
      recordBoot(bootOf(passed, { imagePath: path, consoleLog: consolePath(context, path) })),
    ];
    const { json, junit } = await writeBootFiles(context, [
      { image: www, target: "hvt", architecture: "x86_64", boots: bootsOf(www) },
      { image: dns, target: "spt", architecture: "x86_64", boots: bootsOf(dns) },
    ]);
    const { images } = JSON.parse(readFileSync(json, "utf8")) as {
      images: { file: string; target: string; sha256: string; boots: { console: string }[] }[];
    };
    expect(images).toMatchObject([
      { file: "www.hvt", target: "hvt", sha256: www.sha256, boots: [{ console: "console-www.hvt.log" }] },
      { file: "dns.spt", target: "spt", sha256: dns.sha256, boots: [{}] },
    ]);
    expect(resolve(dirname(json), images[1]?.boots[0]?.console ?? "")).toBe(consolePath(context, dns.path));
    expect(readFileSync(junit, "utf8").match(/<testsuite name="[^"]*"/g)).toEqual([
      '<testsuite name="www hvt x86_64"',
      '<testsuite name="dns spt x86_64"',
    ]);
  });

  it("are JSON of the same words, whatever a guest prints", async () => {
    const context = newContext();
    const built = newImage(context.host.folders.workspace, "www.hvt", "bytes");
    const { path: imagePath } = built;
    const loneSurrogates = Buffer.from([0, 216, 1, 216, 255, 255]).toString("utf16le");
    const noise = loneSurrogates + randomBytes(512).toString("latin1");
    const line = `##[error]\u009b2J\u202e"}], \\ \0\u0007\u001b[2J\u2028 </script> __proto__ ${noise}`;
    const reports = [bootOf({ ...passed, summary: line, evidence: { line, atMs: 1 } }, { imagePath, scenario: line })];
    const text = readFileSync(
      (
        await writeBootFiles(context, [
          { image: built, target: "hvt", architecture: "x86_64", boots: reports.map(recordBoot) },
        ])
      ).json,
      "utf8",
    );
    expect(text).not.toContain("\ufffd");
    expect(text).not.toMatch(/^\s*::|#\[|(?!\n)[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/mu);
    // `readJson` returns the error: invalid JSON must fail the assertion, not throw in the test.
    expect(readJson(text)).toMatchObject({
      images: [{ boots: [{ scenario: line, summary: line, evidence: { line } }] }],
    });
  });

  it("are replaced by those of the next step", async () => {
    const context = newContext();
    const image = newImage(context.host.folders.workspace, "www.hvt", "bytes");
    const subject = { image, target: "hvt", architecture: "x86_64" } as const;
    await writeBootFiles(context, [{ ...subject, boots: [recordBoot(bootOf(passed, { scenario: "former" }))] }]);
    const { json, junit } = await writeBootFiles(context, [{ ...subject, boots: [recordBoot(bootOf(passed))] }]);
    expect(readFileSync(json, "utf8") + readFileSync(junit, "utf8")).not.toContain("former");
  });
});

describe("the console of a boot", () => {
  it("has a different name for each scenario, the same each time", () => {
    const context = newContext();
    expect(basename(consolePath(context, "/w/www.hvt"))).toBe("console-www.hvt.log");
    expect(basename(consolePath(context, "/w/www.hvt", "help"))).toBe("console-www.hvt-help.log");
    expect(consolePath(context, "/w/www.hvt")).toBe(consolePath(context, "/w/www.hvt"));
    expect(dirname(consolePath(context, "/w/www.hvt"))).not.toBe(dirname(consolePath(context, "/v/www.hvt")));
  });
});
