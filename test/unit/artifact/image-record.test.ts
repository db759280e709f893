import { describe, expect, it } from "vitest";
import { beginImage, publicRecord, recordBoot } from "../../../src/artifact/image-record.js";
import type { Verdict } from "../../../src/boot/judge/verdict.js";
import type { BootReport } from "../../../src/boot/report.js";
import { bootOf, bootedImage, failedBoot, solo5Hvt } from "./fixtures.js";

const skipped: Verdict = { verdict: "skipped", reason: "accelerator", summary: "no KVM", atMs: 0, remedy: "use spt" };
const built = { path: "/w/www.hvt", name: "www", bytes: 5, sha256: "ab".repeat(32), debugFile: "/w/www.hvt.dbg" };

describe("the record of an image", () => {
  it("begins with what was built", () => {
    expect(beginImage(built)).toEqual({
      unikernel: "www",
      file: "www.hvt",
      bytes: 5,
      sha256: built.sha256,
      debugFile: "www.hvt.dbg",
      boots: [],
      path: "/w/www.hvt",
      debugPath: "/w/www.hvt.dbg",
    });
  });

  it("publishes nothing that only its job needs", () => {
    const text = JSON.stringify(publicRecord(bootedImage(built, failedBoot(built.path, "/c/console.log"))));
    expect(text).toContain('"console":"console.log"');
    expect(text).not.toMatch(/\/w\/|\/c\/|consoleEnd|elf64/);
  });
});

describe("the record of a boot", () => {
  it("has null where nothing is known", () => {
    const report: BootReport = { ...bootOf(skipped), attempts: [], consoleEnd: [] };
    expect(recordBoot(report)).toEqual({
      ...skipped,
      scenario: null,
      accelerator: null,
      attempts: [],
      expected: [],
      probes: [],
      span: null,
      crash: null,
      repeats: null,
      console: null,
      image: solo5Hvt,
      consoleEnd: [],
    });
  });

  it("names the accelerator of the last attempt", () => {
    expect(recordBoot(failedBoot("/w/www.hvt", "/c"))).toMatchObject({
      accelerator: "tcg",
      console: "c",
    });
  });
});
