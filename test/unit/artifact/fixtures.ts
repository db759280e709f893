import { createHash } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beginImage, recordBoot } from "../../../src/artifact/image-record.js";
import type { BuildRecord, ToolchainRecord } from "../../../src/artifact/records.js";
import type { JobImage } from "../../../src/artifact/schema.js";
import type { Verdict } from "../../../src/boot/judge/verdict.js";
import type { Attempt, BootReport } from "../../../src/boot/report.js";
import type { Image } from "../../../src/image/image.js";
import type { Context } from "../../../src/platform/host.js";
import { createLog } from "../../../src/platform/runner/console-log.js";
import type { BuiltImage } from "../../../src/project/project.js";

export interface TestContext extends Context {
  readonly logged: () => string;
}

/** A machine with empty folders. */
export function newContext(environment: Readonly<Record<string, string>> = {}): TestContext {
  const folder = mkdtempSync(join(tmpdir(), "unikernel-ci-"));
  const written: string[] = [];
  return {
    log: createLog({ gitHub: false, write: (text) => void written.push(text), colour: false, verbose: true }),
    logged: () => written.join(""),
    processes: { run: () => Promise.reject(new Error("no processes here")) },
    host: {
      architecture: "x86_64",
      cores: 2,
      isRoot: false,
      folders: {
        toolCache: join(folder, "tools"),
        state: join(folder, "state"),
        temporary: folder,
        workspace: folder,
      },
      environment,
      isGitHubActions: environment["GITHUB_ACTIONS"] === "true",
    },
  };
}

export function newImage(folder: string, file: string, content: string): BuiltImage {
  const path = join(folder, file);
  writeFileSync(path, content);
  const sha256 = createHash("sha256").update(content).digest("hex");
  return { path, name: file.replace(/\.[^.]*$/, ""), bytes: content.length, sha256 };
}

export const toolchainRecord: ToolchainRecord = {
  ms: 2700,
  toolchain: {
    key: "solo5-x86_64-5.5.0-1f3a9c0d",
    path: "/opt/toolchain",
    source: "actions-cache",
    origin: "actions-cache",
    spec: {
      backend: "solo5",
      architecture: "x86_64",
      hostArchitecture: "x86_64",
      hostSystem: "debian-13",
      cCompiler: "gcc 14.2.0",
      versions: { ocaml: "5.5.0", solo5: "0.12.1", "ocaml-solo5": "1.3.4" },
      repositories: [{ name: "default", url: "https://user:token@opam.example.org/x@y" }],
      packages: ["solo5", "ocaml-solo5"],
      pins: [{ package: "lwt", url: "git+https://token@example.org/lwt#abc" }],
      slim: true,
    },
    environment: { path: ["/opt/toolchain/bin"], variables: { OPAMROOT: "/opt" }, findlibToolchain: "solo5" },
  },
};

export function buildRecord(first: BuiltImage, ...others: readonly BuiltImage[]): BuildRecord {
  return {
    target: "hvt",
    architecture: "x86_64",
    build: { buildSystem: "dune", project: "dune", steps: [{ name: "dune build", ms: 1200 }], cache: null },
    images: [beginImage(first), ...others.map(beginImage)],
    packages: null,
    source: { commit: "c0ffee", changes: [] },
    toolchain: toolchainRecord,
  };
}

/** The record of an image with these boots. */
export function bootedImage(image: BuiltImage, ...reports: readonly BootReport[]): JobImage {
  return { ...beginImage(image), boots: reports.map(recordBoot) };
}

export const solo5Hvt: Image = {
  format: "elf64",
  architecture: "x86_64",
  system: { kind: "solo5", abi: 1, abiVersion: 2, devices: [] },
};

export function failedBoot(imagePath: string, consoleLog: string): BootReport {
  const verdict = {
    verdict: "failed",
    reason: "exception",
    summary: "uncaught exception",
    evidence: { line: 'Fatal error: exception Failure("</code></pre><script>")', atMs: 310 },
    atMs: 310,
    remedy: "look at `tls/cert.pem`",
  } as const;
  const skipped = { verdict: "skipped", reason: "accelerator", summary: "KVM fails its guests", atMs: 5 } as const;
  return {
    imagePath,
    image: solo5Hvt,
    verdict,
    attempts: [
      { accelerator: "kvm", monitor: "qemu", inCarrier: false, argv: ["qemu", "-accel", "kvm"], verdict: skipped },
      { accelerator: "tcg", monitor: "qemu", inCarrier: false, argv: ["qemu", "-accel", "tcg"], verdict },
    ],
    consoleLog,
    consoleEnd: ["hello", "</code></pre><img src=x onerror=alert(1)>", "| a | b |", "@everyone"],
  };
}

export const passed: Verdict = {
  verdict: "passed",
  reason: "ready",
  summary: "seen `listening`",
  atMs: 3310,
  bootMs: 210,
  readyMs: 310,
};

/** A boot of one attempt. */
export function bootOf(verdict: Verdict, more: Partial<BootReport> = {}, attempt: Partial<Attempt> = {}): BootReport {
  return {
    imagePath: "/w/www.hvt",
    image: solo5Hvt,
    verdict,
    attempts: [
      { accelerator: "kvm", monitor: "solo5-hvt", inCarrier: false, argv: ["solo5-hvt"], verdict, ...attempt },
    ],
    consoleEnd: ["hello"],
    ...more,
  };
}
