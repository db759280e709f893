import { mkdtempSync, writeFileSync } from "node:fs";
import { type IncomingMessage, type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import "@actions/artifact";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  ArtifactNameTaken,
  type ArtifactService,
  artifactAccess,
  whyNoArtifacts,
} from "../../../../src/platform/runner/artifact-service.js";

const service = { ACTIONS_RUNTIME_TOKEN: "t", ACTIONS_RESULTS_URL: "https://r" };

describe("a step without an artifact service says why", () => {
  it.each([
    [{}, "this is not a workflow"],
    [{ GITHUB_ACTIONS: "true", GITHUB_SERVER_URL: "https://codeberg.org", ...service }, "https://codeberg.org has no"],
    [{ GITHUB_ACTIONS: "true", GITHUB_SERVER_URL: "nonsense", ...service }, "nonsense has no"],
    [{ GITHUB_ACTIONS: "true", GITHUB_SERVER_URL: "https://github.com" }, "only steps with `uses:`"],
  ])("%j: %s", (environment, reason) => {
    expect(whyNoArtifacts(environment)).toContain(reason);
  });

  it.each([undefined, "https://github.com", "https://x.ghe.com"])("%s has a service", (server) => {
    expect(whyNoArtifacts({ GITHUB_ACTIONS: "true", GITHUB_SERVER_URL: server, ...service })).toBeUndefined();
  });
});

describe("artifacts", () => {
  /** The part of the artifact service that an upload needs: Twirp methods, and blocks of a blob. */
  class FakeService {
    readonly calls: string[] = [];
    readonly names = new Set<string>();
    uploadedBytes = 0;
    private readonly server: Server = createServer((request, response) => {
      void this.answer(request).then(([status, body]) => {
        response.writeHead(status, {
          "content-type": "application/json",
          etag: '"1"',
          "last-modified": new Date(0).toUTCString(),
        });
        response.end(body);
      });
    });

    async start(): Promise<void> {
      await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    }

    stop(): void {
      this.server.close();
    }

    get url(): string {
      return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    }

    private async answer(request: IncomingMessage): Promise<[status: number, body: string]> {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks);
      const url = request.url ?? "";
      if (url.startsWith("/blob")) {
        if (url.includes("comp=block&")) this.uploadedBytes += body.length;
        return [201, ""];
      }
      const method = url.slice(url.lastIndexOf("/") + 1);
      this.calls.push(method);
      const { name = "" } = JSON.parse(body.toString()) as { readonly name?: string };
      return this.onCall(method, name);
    }

    private onCall(method: string, name: string): [number, string] {
      if (method === "CreateArtifact" && this.names.has(name)) {
        return [409, '{"msg":"an artifact with this name already exists on the workflow run"}'];
      }
      const answers: Readonly<Record<string, object>> = {
        CreateArtifact: { ok: true, signedUploadUrl: `${this.url}/blob/x?sig=1` },
        FinalizeArtifact: { ok: true, artifactId: "42" },
      };
      return [200, JSON.stringify(answers[method] ?? {})];
    }
  }

  describe("the artifact service of Actions", () => {
    const fake = new FakeService();
    const folder = mkdtempSync(join(tmpdir(), "unikernel-ci-"));
    const file = join(folder, "www.hvt");
    writeFileSync(file, "bytes");

    beforeEach(async () => {
      await fake.start();
      const claims = Buffer.from(JSON.stringify({ scp: "Actions.Results:run:job" })).toString("base64url");
      vi.stubEnv("ACTIONS_RESULTS_URL", fake.url);
      vi.stubEnv("ACTIONS_RUNTIME_TOKEN", `e30.${claims}.x`);
      vi.stubEnv("GITHUB_ACTIONS", "true");
      vi.stubEnv("GITHUB_SERVER_URL", "https://github.com");
      vi.stubEnv("GITHUB_REPOSITORY", "o/r");
      vi.stubEnv("GITHUB_RUN_ID", "1");
      // The library reports its progress on standard output.
      vi.spyOn(process.stdout, "write").mockReturnValue(true);
    });
    afterEach(() => {
      fake.stop();
      fake.calls.length = 0;
      fake.names.clear();
      vi.unstubAllEnvs();
      vi.restoreAllMocks();
    });

    const service = () => artifactAccess(process.env) as ArtifactService;
    const upload = () => service().upload("www", [file], folder, { retentionDays: 0 });

    it("stores a folder and returns its id and address", async () => {
      expect(await upload()).toEqual({ id: "42", url: "https://github.com/o/r/actions/runs/1/artifacts/42" });
      expect(fake.calls).toEqual(["CreateArtifact", "FinalizeArtifact"]);
      expect(fake.uploadedBytes).toBeGreaterThan(0);
    });

    it("distinguishes a taken name from other failures", async () => {
      fake.names.add("www");
      await expect(upload()).rejects.toBeInstanceOf(ArtifactNameTaken);
    });
  });
});
