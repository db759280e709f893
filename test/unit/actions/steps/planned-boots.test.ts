import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type InputName, readInputs } from "../../../../src/actions/interface.js";
import {
  type PlannedBoot,
  type Subject,
  checkLeftOut,
  imagesOf,
  naming,
  plannedBoots,
} from "../../../../src/actions/steps/planned-boots.js";
import { parseScenarios } from "../../../../src/actions/scenarios.js";
import { recordBoot } from "../../../../src/artifact/image-record.js";
import { forgetBoots, saveRecord } from "../../../../src/artifact/records.js";
import { Problem } from "../../../../src/platform/problem.js";
import type { BuiltImage } from "../../../../src/project/project.js";
import { targets } from "../../../../src/targets/targets.js";
import { bootOf, newContext, newImage, passed, solo5Hvt } from "../../artifact/fixtures.js";

const step = (given: Readonly<Partial<Record<InputName, string>>> = {}) => readInputs((name) => given[name]);

function subjectOf(built: BuiltImage, more: Partial<Subject> = {}): Subject {
  return {
    built,
    name: built.path.split("/").at(-1) ?? "",
    image: solo5Hvt,
    target: targets.hvt,
    architecture: "x86_64",
    searchPath: "/bin",
    ofBuild: [],
    ...more,
  };
}

const imageAt = (path: string): BuiltImage => ({ path, name: "x", bytes: 5, sha256: "ab".repeat(32) });
const [www, dns] = [subjectOf(imageAt("/w/dist/www.hvt")), subjectOf(imageAt("/w/dist/dns.hvt"))];

describe("the boots of a step", () => {
  const context = newContext();

  function planned(subjects: readonly Subject[], scenarios?: string): readonly PlannedBoot[] {
    const inputs = step({ memory: "32" });
    return plannedBoots(
      context,
      subjects,
      inputs,
      (scenarios && parseScenarios(scenarios, inputs, "boots.yml")) || undefined,
      undefined,
    );
  }
  const told = (boots: readonly PlannedBoot[]) =>
    boots.map(({ request, isAsked }) => [request.imagePath, request.scenario, request.memory, isAsked]);

  it("are one for each image", () => {
    expect(told(planned([www, dns]))).toEqual([
      ["/w/dist/www.hvt", undefined, 32, true],
      ["/w/dist/dns.hvt", undefined, 32, true],
    ]);
  });

  it("are each scenario on each image that it names, or on all", () => {
    const scenarios = "- { name: all, memory: 64 }\n- { name: one, image: dns.hvt }\n";
    expect(told(planned([www, dns], scenarios))).toEqual([
      ["/w/dist/www.hvt", "all", 64, true],
      ["/w/dist/dns.hvt", "all", 64, true],
      ["/w/dist/dns.hvt", "one", 32, true],
    ]);
  });

  it("contain an image that every scenario leaves out, only to be reported", () => {
    expect(told(planned([www, dns], "- { name: one, image: dns.hvt }\n"))).toEqual([
      ["/w/dist/www.hvt", undefined, 32, false],
      ["/w/dist/dns.hvt", "one", 32, true],
    ]);
  });

  it("are named by image and scenario, as far as there are several", () => {
    const names = (boots: readonly PlannedBoot[]) => boots.map(({ name, inErrors }) => [name, inErrors]);
    expect(names(planned([www]))).toEqual([["", ""]]);
    expect(names(planned([www], "- name: help\n"))).toEqual([["help", "scenario help"]]);
    expect(names(planned([www, dns]))).toEqual([
      ["www.hvt", "www.hvt"],
      ["dns.hvt", "dns.hvt"],
    ]);
    expect(names(planned([www, dns], "- { name: help, image: dns.hvt }\n"))[1]).toEqual([
      "dns.hvt, help",
      "dns.hvt, scenario help",
    ]);
  });

  it("are refused if a scenario names another image, with the images that there are", () => {
    expect(() => planned([www, dns], "- { name: one, image: nds.hvt }\n")).toThrow(
      new Problem("scenario one: nds.hvt is not an image of this step", { accepted: ["www.hvt", "dns.hvt"] }),
    );
  });
});

describe("the images of a scenario", () => {
  const paths = ["/w/a/main.exe", "/w/b/main.exe", "/w/b/other.exe"];
  const scenario = (...images: string[]) => ({ name: "s", images: images.length === 0 ? undefined : images });

  it.each([
    [[], paths],
    [["other.exe"], ["/w/b/other.exe"]],
    [["b/main.exe"], ["/w/b/main.exe"]],
    [["/w/b/main.exe"], ["/w/b/main.exe"]],
    [["main.exe"], ["/w/a/main.exe", "/w/b/main.exe"]],
    [
      ["other.exe", "a/main.exe", "other.exe"],
      ["/w/a/main.exe", "/w/b/other.exe"],
    ],
  ])("of %j are %j, each once and in the order of the step", (named, right) => {
    expect(imagesOf(scenario(...named), paths, "/w")).toEqual(right);
  });
});

describe("a problem of one boot", () => {
  const [boot] = plannedBoots(newContext(), [www, dns], step(), undefined, undefined) as [PlannedBoot];

  it("names it, and keeps the remedy", async () => {
    const problem = new Problem("input settle is too long", { do: "set it lower" });
    const thrown: unknown = await naming(boot, () => Promise.reject(problem)).catch((error: unknown) => error);
    expect(String(thrown)).toBe("www.hvt: input settle is too long\n  do         set it lower");
  });

  it("stays as it is if the step has only this boot", async () => {
    const problem = new Problem("input settle is too long");
    await expect(naming({ ...boot, inErrors: "" }, () => Promise.reject(problem))).rejects.toBe(problem);
  });

  it("is not a bug of unikernel-ci", async () => {
    const defect = new TypeError("x is undefined");
    await expect(naming(boot, () => Promise.reject(defect))).rejects.toBe(defect);
  });
});

describe("an image of the same build that is not booted", () => {
  function setUp() {
    const context = newContext();
    const folder = join(context.host.folders.workspace, "dist");
    mkdirSync(folder);
    const [first, second] = [newImage(folder, "www.hvt", "one"), newImage(folder, "dns.hvt", "two")];
    const ofBuild = [first.path, second.path];
    return { context, first, second, subject: subjectOf(first, { ofBuild }), other: subjectOf(second, { ofBuild }) };
  }

  it("is named in a notice, with the way to boot it", async () => {
    const { context, second, subject } = setUp();
    await checkLeftOut(context, [subject], step());
    expect(context.logged()).toContain(
      `Notice: not booted, though the same build made it: ${second.path}; set \`image\``,
    );
  });

  it("is an error if a boot is required", async () => {
    const { context, second, subject } = setUp();
    await expect(checkLeftOut(context, [subject], step({ boot: "required" }))).rejects.toThrow(
      `not booted, though the same build made it: ${second.path}`,
    );
  });

  it("is none if it is booted by this step or by an earlier one, or if no boot is asked for", async () => {
    const { context, second, subject, other } = setUp();
    await checkLeftOut(context, [subject, other], step({ boot: "required" }));
    await checkLeftOut(context, [subject], step({ boot: "skip" }));
    await saveRecord(context, second, "boot", [recordBoot(bootOf(passed, { imagePath: second.path }))]);
    await checkLeftOut(context, [subject], step({ boot: "required" }));
    expect(context.logged()).not.toContain("not booted");
    await forgetBoots(context, second.path);
    await expect(checkLeftOut(context, [subject], step({ boot: "required" }))).rejects.toThrow("not booted");
  });
});
