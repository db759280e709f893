// npm run bench:setup -- [--runs N] [--packed FOLDER] [--whole FOLDER] [OPTIONS OF unikernel-ci setup …]
//
// What a warm set-up costs, beside what its bytes cost: medians of 5 on this machine, taken in turns, all from one HTTP
// server on loopback. The options name a toolchain that this machine has, or makes first; without any it is a synthetic
// one. `--packed` names a folder that `toolchain pack` wrote of it; otherwise it is packed here, faster and a quarter
// larger. `--whole` names an opam root with all that a build left in it: what a cache entry of the whole folder would
// carry. It measures what is built (`npm run build`).
import { execFile, execFileSync } from "node:child_process";
import { createReadStream, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { cpus, loadavg, tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import type { PublishedArchive } from "../../src/platform/network/published-list.js";
import { findProgram } from "../../src/platform/process/programs.js";
import { targets } from "../../src/targets/targets.js";
import { type InstalledToolchain, readInstalled, readInstalledEntries } from "../../src/toolchain/store/installed.js";
import { publishToolchain } from "../../src/toolchain/store/publish-archive.js";
import { collectingLog } from "../collecting-log.js";
import { type Way, measure } from "./measure.js";
import { syntheticShape, writeSynthetic } from "./synthetic.js";

const own = parseArgs({
  options: { runs: { type: "string", default: "5" }, packed: { type: "string" }, whole: { type: "string" } },
  strict: false,
  allowPositionals: true,
});
const ours = ["--runs", "--packed", "--whole"];
const options = process.argv
  .slice(2)
  .filter((word, at, all) => !ours.includes(word) && !ours.includes(all[at - 1] ?? ""));
/** That of `toolchain pack` takes minutes. */
const quickLevel = 9;
const runs = Number(own.values.runs);
const whole = own.values.whole as string | undefined;
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
if (!existsSync(here("../../lib/src"))) {
  console.error("bench:setup measures what is built: run `npm run build` first");
  process.exit(1);
}
const cli = here("../../dist/cli/index.js");
const folder = mkdtempSync(join(tmpdir(), "unikernel-ci-bench-"));
const served = (own.values.packed as string | undefined) ?? join(folder, "served");
const wholeArchive = join(folder, "whole");

/** Files; the same list without images, for those who unpack; and one entry of a cache as its first protocol has it. */
const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? "", url);
  const json = (value: object) => {
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
  };
  const file = pathname === "/whole" ? wholeArchive : join(served, basename(pathname));
  if (pathname === "/_apis/artifactcache/cache") {
    json({ cacheKey: searchParams.get("keys"), archiveLocation: `${url}/whole` });
    return;
  }
  if (!existsSync(file)) return void response.writeHead(404).end();
  if (pathname === "/unpacked/toolchains.json") {
    const list = JSON.parse(readFileSync(file, "utf8")) as { toolchains: object[] };
    json({ ...list, toolchains: list.toolchains.map((row) => ({ ...row, image: undefined })) });
    return;
  }
  // @actions/cache asks for parts of 4 MB side by side.
  const { size } = statSync(file);
  const [, from = "0", to = String(size - 1)] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
  const [start, end] = [Number(from), Math.min(Number(to), size - 1)];
  const isPart = request.headers.range !== undefined;
  response.writeHead(isPart ? 206 : 200, {
    "content-length": end + 1 - start,
    ...(isPart ? { "content-range": `bytes ${start}-${end}/${size}` } : {}),
  });
  if (request.method === "HEAD") response.end();
  else createReadStream(file, { start, end }).pipe(response);
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

/** The toolchain that is measured, and how it is set up. */
async function prepare(): Promise<{
  toolchain: InstalledToolchain;
  title: string;
  setUp: (mirror: string, target?: string) => Way;
}> {
  if (options.length === 0) {
    const path = join(folder, "synthetic");
    await writeSynthetic(path);
    const toolchain = await installedIn(path);
    writeFileSync(join(folder, "spec.json"), JSON.stringify(toolchain.spec));
    const setUp =
      (mirror: string): Way =>
      (empty, run) =>
        run([process.execPath, here("restore.mjs"), empty, mirror, join(folder, "spec.json")]);
    return { toolchain, title: syntheticShape, setUp };
  }
  const { stdout } = await promisify(execFile)(process.execPath, [cli, "--json", "setup", ...options], {
    maxBuffer: 1e8,
  });
  const toolchain = await installedIn((JSON.parse(stdout) as Record<string, string>)["toolchain-path"] ?? "");
  const files = ((await readInstalledEntries(toolchain.path)) ?? []).flatMap((entry) =>
    entry.kind === "file" ? entry.bytes : [],
  );
  const megabytes = Math.round(files.reduce((sum, bytes) => sum + bytes, 0) / 1e6);
  const title = `${toolchain.key}: ${files.length} files, ${megabytes} MB`;
  const setUp =
    (mirror: string, target?: string): Way =>
    (empty, run) =>
      run(
        [
          process.execPath,
          cli,
          "--json",
          "setup",
          ...options,
          "--mirror",
          mirror,
          ...(target === undefined ? [] : ["--target", target]),
        ],
        { XDG_CACHE_HOME: empty, RUNNER_TOOL_CACHE: "", GITHUB_ACTIONS: "true" },
      );
  return { toolchain, title, setUp };
}

async function installedIn(path: string): Promise<InstalledToolchain> {
  const found = await readInstalled(path);
  if (found === undefined) throw new Error(`there is no toolchain in ${path}`);
  return found;
}

try {
  const { toolchain, title, setUp } = await prepare();
  if (own.values.packed === undefined)
    await publishToolchain(
      collectingLog([]),
      toolchain,
      served,
      findProgram("mksquashfs", process.env["PATH"]) !== undefined,
      quickLevel,
    );
  const list = JSON.parse(readFileSync(join(served, "toolchains.json"), "utf8")) as { toolchains: PublishedArchive[] };
  const archive = list.toolchains.find(({ key }) => key === toolchain.key);
  if (archive === undefined) throw new Error(`${served} does not have ${toolchain.key}`);
  const shell =
    (script: string): Way =>
    (empty, run) =>
      run(["bash", "-e", "-o", "pipefail", "-c", `${script}\ncat /proc/$$/stat > "$BENCH_USAGE"`, "bash", empty]);
  const several =
    (count: number): Way =>
    async (empty, run) => {
      const others = Object.values(targets).filter(({ backend }) => backend === toolchain.spec.backend);
      for (const { name } of others.slice(0, count)) await setUp(`${url}/unpacked`, name)(empty, run);
    };
  const bytes: Record<string, number> = {};
  const ways: Record<string, Way> = {};
  const add = (name: string, count: number, way: Way) => {
    bytes[name] = count;
    ways[name] = way;
  };
  const floor = "the floor: curl | zstd -d | tar x";
  add("fetching the bytes alone", archive.bytes, shell(`curl -sSf ${url}/${archive.url} -o "$1/archive"`));
  add(floor, archive.bytes, shell(`curl -sSf ${url}/${archive.url} | zstd -qdc --long=27 | tar -xf - -C "$1"`));
  add("our set-up, unpacking", archive.bytes, setUp(`${url}/unpacked`));
  if (archive.image !== undefined) add("our set-up, mounting", archive.image.bytes, setUp(`${url}/mounted`));
  if (options.length > 0)
    for (const count of [2, 5]) add(`our set-up, unpacking, for ${count} targets`, archive.bytes, several(count));
  if (whole !== undefined) {
    // As @actions/cache 6.3 packs a folder, without a long window:
    // https://github.com/actions/toolkit/blob/main/packages/cache/src/internal/tar.ts
    const script = 'tar --posix -cf - -P -C "$1" "$2" | zstd -q -T0 -o "$3"';
    execFileSync("bash", ["-c", script, "bash", dirname(whole), basename(whole), wholeArchive]);
    const environment = {
      ACTIONS_CACHE_URL: `${url}/`,
      ACTIONS_RUNTIME_TOKEN: "token",
      ACTIONS_CACHE_SERVICE_V2: "",
      ACTIONS_CACHE_MODE: "",
    };
    add("the whole opam root by @actions/cache", statSync(wholeArchive).size, (empty, run) =>
      run([process.execPath, here("restore-whole.mjs"), "whole", basename(whole)], {
        ...environment,
        GITHUB_WORKSPACE: empty,
        RUNNER_TEMP: empty,
      }),
    );
  }
  const load = loadavg()[0] ?? 0;
  const costs = await measure(folder, runs, ways);
  const loads = `load before ${load.toFixed(1)}, after ${(loadavg()[0] ?? 0).toFixed(1)}`;
  console.log(`${title}\nmedians of ${runs}, in turns, on ${cpus().length} cores; ${loads}\n`);
  console.log(`${"".padEnd(40)}       MB        ms   x floor    CPU s   MB of memory`);
  for (const [name, { ms, cpuSeconds, peakBytes }] of Object.entries(costs)) {
    const memory = peakBytes === 0 ? "" : (peakBytes / 1e6).toFixed(0);
    const cells = [
      ((bytes[name] ?? 0) / 1e6).toFixed(1).padStart(9),
      ms.toFixed(0).padStart(9),
      (ms / (costs[floor]?.ms ?? NaN)).toFixed(2).padStart(9),
    ];
    console.log(`${name.padEnd(40)}${cells.join(" ")} ${cpuSeconds.toFixed(2).padStart(8)} ${memory.padStart(8)}`);
  }
} finally {
  server.close();
  rmSync(folder, { recursive: true, force: true });
}
