import type { Artifact } from "../../../src/artifact/artifact.js";
import type { BootRecord, BuildInfo, ImageRecord, ToolchainFacts } from "../../../src/artifact/schema.js";
import type { LocalAsset, RemoteAsset } from "../../../src/platform/github/release-service.js";

export const commit = "a".repeat(40);

export const toolchain: ToolchainFacts = {
  key: "solo5-x86_64-5.5.0-1f3a9c0d",
  source: "built",
  origin: "built",
  ms: 2700,
  versions: { ocaml: "5.5.0", solo5: "0.12.1", "ocaml-solo5": "1.3.4" },
  versionReasons: { ocaml: "the newest", solo5: "the newest", "ocaml-solo5": "the newest" },
  opamRepositories: [{ name: "default", url: "https://opam.ocaml.org" }],
  opamPackages: ["ocaml-solo5", "lwt.5.9.1", "cstruct"],
  opamPins: [
    { package: "cstruct", url: "git+https://example.org/cstruct#abc" },
    { package: "logs.0.8", url: "git+https://example.org/logs#def" },
  ],
  cCompiler: "gcc 14.2.0",
};

export function bootWith(
  verdict: BootRecord["verdict"],
  summary = "as it was",
  scenario: string | null = null,
): BootRecord {
  return {
    scenario,
    verdict,
    reason: "ready",
    summary,
    atMs: 10,
    accelerator: "kvm",
    attempts: [],
    expected: [],
    probes: [],
    span: null,
    crash: null,
    repeats: null,
    console: null,
  };
}

const image: ImageRecord = {
  unikernel: "www",
  file: "www.hvt",
  bytes: 5,
  sha256: "b".repeat(64),
  debugFile: "www.hvt.dbg",
  boots: [bootWith("passed", "seen `listening`")],
};

/** An artifact with one image. */
export function artifact(name: string, ofImage: Partial<ImageRecord> = {}, ofInfo: Partial<BuildInfo> = {}): Artifact {
  const info: BuildInfo = {
    schema: 2,
    target: "hvt",
    architecture: "x86_64",
    artifact: name,
    images: [{ ...image, ...ofImage }],
    build: null,
    toolchain,
    packages: null,
    host: {
      architecture: "x86_64",
      system: null,
      cores: 2,
      commit,
      changes: [],
      run: "https://github.com/o/www/actions/runs/1",
      attempt: 1,
    },
    createdAt: "2026-01-02T03:04:05.000Z",
    ...ofInfo,
  };
  return { name, path: `/artifacts/${name}`, info, checksums: [], consoleEnds: new Map() };
}

export function local(name: string, sha256 = "c".repeat(64), bytes = 3): LocalAsset {
  return { path: `/r/${name}`, name, contentType: "text/plain", bytes, sha256 };
}

export function remote(id: number, name: string, more: Partial<RemoteAsset> = {}): RemoteAsset {
  return { id, name, bytes: 3, isComplete: true, sha256: "c".repeat(64), ...more };
}
