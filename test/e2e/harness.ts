/**
 * Runs a whole workflow of a caller's project, with our action in it, on this machine: act in host mode. No GitHub, no
 * Docker, no network; every server listens on loopback.
 *
 *     const repository = await prepareRepository({ from: root, files: { '.github/workflows/ci.yml': text } })
 *     const run = await runWorkflow({ repository, workflow: '.github/workflows/ci.yml', cachePath, artifactPath })
 *
 * What act 0.2.89 cannot do, and what stands in for it here:
 * - `uses: $/name` is not known to act (act#6189). prepareRepository() writes `OWNER/REPOSITORY/name@REF` in the COPY
 *   of the action instead, which is what `$/name` means; that is the only difference to the action that users run. The
 *   action `run`, which is for such runners, has no `$/`: it is tested with `asItIs`.
 * - act's artifact server does not take @actions/artifact 6 (it refuses `mime_type`, loses the padding of its
 *   signature, drops an upload in one piece), so a small results service stands in for it. Like GitHub's it refuses a
 *   second artifact of the same name. It speaks cache v2 too, which github.com has; act has v1, as Forgejo and Gitea
 *   do.
 * - Of other people's actions only `actions/checkout` works: act copies the repository instead of running it. For
 *   others the options name stand-ins (stand-ins/). README.md says how strict each one is.
 * - The matrix's legs share one result: each leg's own is read from its steps.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { accessSync, constants } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, readdir, realpath, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export interface PrepareOptions {
  /** The git work tree with our action.yml. */
  readonly from: string;
  /** The caller's files: path in the repository -> contents. The workflows are among them. */
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  /** A folder with the caller's project, copied before `files`. */
  readonly project?: string;
  /** What the caller's workflow names our action; default `unikernel-ci/unikernel-ci@v1`. */
  readonly as?: string;
  /** Top-level folders of our repository that the copy does without (act copies the action once for each step). */
  readonly without?: readonly string[];
}

export interface PreparedRepository {
  /** The caller's git repository, with one commit. */
  readonly folder: string;
  /** The copy of our action, with `$/name` rewritten. */
  readonly action: string;
  /** The copy without any change. */
  readonly unchanged: string;
  readonly as: string;
  remove(): Promise<void>;
}

export interface RunOptions {
  readonly repository: PreparedRepository;
  /** The action without the rewriting. */
  readonly asItIs?: boolean;
  /** The workflow's path in the repository. */
  readonly workflow: string;
  readonly event?: string;
  readonly payload?: Readonly<Record<string, unknown>>;
  /** Only this job, and what it needs. */
  readonly job?: string;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly vars?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Where cache entries are kept; the same folder again is a warm cache. One run at a time uses it. */
  readonly cachePath: string;
  /** Where artifacts are put, as NAME.zip. */
  readonly artifactPath: string;
  /** The runner's own folder, with its tool cache; the same folder again is the same machine. Default: a new one. */
  readonly runnerPath?: string;
  /** v1: act's own cache server. v2: github.com's protocol. */
  readonly cacheService?: "v1" | "v2";
  /** Folders that stand for actions of other people: `OWNER/REPOSITORY@REF` -> folder with an action.yml. */
  readonly standIns?: Readonly<Record<string, string>>;
  /** `runs-on` labels that mean this machine, besides the hosted Ubuntu ones. */
  readonly labels?: readonly string[];
  readonly timeoutMs?: number;
  /** Aborted: the run is cancelled in the middle of what it does. */
  readonly cancelled?: AbortSignal;
  readonly act?: string;
}

export type Result = "success" | "failure" | "unfinished";

export interface Annotation {
  readonly level: "error" | "warning" | "notice";
  readonly message: string;
  readonly properties: Readonly<Record<string, string>>;
}

export interface StepRun {
  /** The step's `id`, or its index; a step inside a composite is `outer/inner`. */
  readonly id: string;
  readonly stage: "Pre" | "Main" | "Post";
  readonly name: string;
  result: Result;
  seconds: number;
  readonly outputs: Record<string, string>;
  log: string;
}

export interface JobRun {
  /** The job's key in the workflow; the legs of a matrix share it. */
  readonly id: string;
  readonly name: string;
  readonly matrix: Readonly<Record<string, unknown>>;
  /** Of this leg alone. */
  result: Result;
  /** In the order in which they ran; skipped ones are not here. */
  readonly steps: StepRun[];
  readonly annotations: Annotation[];
  summary: string;
  log: string;
}

export interface WorkflowRun {
  /** act's; null when it had to be killed. */
  readonly exitCode: number | null;
  readonly timedOut: boolean;
  /** What act printed, each line with its job; without the values of secrets. */
  readonly log: string;
  readonly jobs: readonly JobRun[];
  /** Names of the artifacts that this run uploaded. */
  readonly artifacts: readonly string[];
  /** Command lines of processes that outlived the run; they are ended, as GitHub's runner does. */
  readonly orphans: readonly string[];
  /** For a person who wants to run it again: the parameter files are gone by then. */
  readonly command: readonly string[];
}

const hostedLabels = ["latest", "26.04", "24.04", "22.04"].flatMap((v) => [`ubuntu-${v}`, `ubuntu-${v}-arm`]);

/** The act binary: `$ACT`, where install-act.sh puts it, or PATH's. */
function findAct(): string | undefined {
  const ours = resolve(dirname(fileURLToPath(import.meta.url)), "../../.cache/bin");
  const folders = [ours, ...(process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "")];
  return [process.env["ACT"] ?? "", ...folders.map((folder) => join(folder, "act"))].find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

// ---- The two repositories ----

export async function prepareRepository(options: PrepareOptions): Promise<PreparedRepository> {
  const as = options.as ?? "unikernel-ci/unikernel-ci@v1";
  const root = await temporaryFolder("repository");
  const folder = join(root, "caller");
  const action = join(root, "action");
  const unchanged = join(root, "unchanged");
  await copyAction(resolve(options.from), unchanged, options.without ?? ["docs", "examples", "test"]);
  await cp(unchanged, action, { recursive: true, verbatimSymlinks: true });
  await rewriteSelfReferences(action, as);
  await mkdir(folder);
  if (options.project !== undefined) await cp(options.project, folder, { recursive: true, verbatimSymlinks: true });
  for (const [path, contents] of Object.entries(options.files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), contents);
  }
  await git(folder, "init", "--quiet", "--initial-branch=main");
  await git(folder, "remote", "add", "origin", "https://github.com/someone/project.git");
  await git(folder, "add", "--all");
  await git(folder, "commit", "--quiet", "--allow-empty", "--message=The project");
  return { folder, action, unchanged, as, remove: () => rm(root, { recursive: true, force: true }) };
}

/** What a runner would check out, and what is about to be committed. */
async function copyAction(from: string, to: string, without: readonly string[]): Promise<void> {
  const listed = await git(from, "ls-files", "-z", "--cached", "--others", "--exclude-standard");
  for (const file of new Set(listed.split("\0"))) {
    if (file === "" || without.includes(file.split("/")[0] ?? "")) continue;
    await cp(join(from, file), join(to, file), { verbatimSymlinks: true }).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error; // deleted, but not yet committed as deleted
    });
  }
}

async function rewriteSelfReferences(action: string, as: string): Promise<void> {
  const [name, ref] = as.split("@");
  if (name === undefined || ref === undefined) throw new Error(`as: "${as}" is not OWNER/REPOSITORY@REF`);
  const definitions = (await readdir(action, { recursive: true })).filter((file) =>
    /(^|\/)action\.ya?ml$|^\.github\/workflows\//.test(file),
  );
  for (const file of definitions) {
    const text = await readFile(join(action, file), "utf8");
    await writeFile(
      join(action, file),
      text.replace(
        /(\buses:\s*["']?)\$\/([\w./-]+)/g,
        (_, key: string, part: string) => `${key}${name}/${part}@${ref}`,
      ),
    );
  }
}

async function git(cwd: string, ...args: readonly string[]): Promise<string> {
  const person = { NAME: "someone", EMAIL: "someone@example.org", DATE: "2026-01-01T00:00:00Z" };
  const environment: NodeJS.ProcessEnv = {
    ...process.env,
    // Nobody's own settings; and the folder may belong to another user (sudo, a container).
    ...{ GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_COUNT: "1" },
    ...{ GIT_CONFIG_KEY_0: "safe.directory", GIT_CONFIG_VALUE_0: "*" },
    // The same files give the same commit.
    ...Object.fromEntries(Object.entries(person).map(([what, value]) => [`GIT_AUTHOR_${what}`, value])),
    ...Object.fromEntries(Object.entries(person).map(([what, value]) => [`GIT_COMMITTER_${what}`, value])),
  };
  const ended = await run("git", args, { cwd, environment, timeoutMs: 3_000_000 });
  if (ended.exitCode !== 0) throw new Error(`git ${args.join(" ")}, in ${cwd}: ${ended.stderr}`);
  return ended.stdout;
}

// ---- The run ----

export async function runWorkflow(options: RunOptions): Promise<WorkflowRun> {
  const act = options.act ?? findAct();
  if (act === undefined) throw new Error("act is not installed: run test/e2e/install-act.sh");
  const scratch = await temporaryFolder("run");
  const runner = resolve(options.runnerPath ?? join(scratch, "runner"));
  const caches = resolve(options.cachePath);
  const artifacts = resolve(options.artifactPath);
  for (const folder of [runner, caches, artifacts]) await mkdir(folder, { recursive: true });
  const service = await startResultsService(artifacts, caches);
  const v2 = options.cacheService === "v2";
  // act reads .yml, and JSON is YAML: each value arrives as it is, and no secret stands on the command line.
  const parameters = async (name: string, value: unknown): Promise<string> => {
    const file = join(scratch, `${name}.yml`);
    await writeFile(file, JSON.stringify(value), { mode: 0o600 });
    return file;
  };
  const args = [
    options.event ?? "push",
    ...["--workflows", options.workflow],
    ...(options.job === undefined ? [] : ["--job", options.job]),
    ...["--eventpath", await parameters("event", { ref: "refs/heads/main", ...options.payload })],
    // Without any GITHUB_TOKEN act asks the developer's `gh` for one, and hands it to the steps.
    ...["--secret-file", await parameters("secrets", { GITHUB_TOKEN: "", ...options.secrets })],
    ...["--var-file", await parameters("vars", options.vars ?? {})],
    ...["--input-file", await parameters("inputs", {})],
    ...[
      "--env-file",
      await parameters("env", { ...service.environment(v2), ...terminal, ...standInModules, ...options.env }),
    ],
    ...[
      "--local-repository",
      `${options.repository.as}=${options.asItIs === true ? options.repository.unchanged : options.repository.action}`,
    ],
    ...Object.entries(options.standIns ?? {}).flatMap(([uses, folder]) => [
      "--local-repository",
      `${uses}=${resolve(folder)}`,
    ]),
    ...[...hostedLabels, ...(options.labels ?? [])].flatMap((label) => ["--platform", `${label}=-self-hosted`]),
    ...["--action-cache-path", runner],
    ...(v2 ? ["--no-cache-server"] : ["--cache-server-path", caches, "--cache-server-addr", "127.0.0.1"]),
    ...["--action-offline-mode", "--pull=false", "--container-daemon-socket", "-"],
    ...["--rm", "--defaultbranch", "main", "--json"],
  ];
  try {
    const environment = await runnerEnvironment(scratch);
    const { timeoutMs = 3_000_000, cancelled } = options;
    const ended = await run(act, args, {
      cwd: options.repository.folder,
      environment,
      timeoutMs,
      ...(cancelled && { cancelled }),
    });
    const orphans = await endOrphans(`ACTIONS_RUNTIME_URL=${service.url}`);
    const { jobs, log } = readLog(`${ended.stdout}\n${ended.stderr}`);
    const unsupported = /Skipping unsupported platform.*/.exec(log);
    if (unsupported) throw new Error(`a job was left out: ${unsupported[0]}. Add its label to \`labels\`.\n${log}`);
    const { exitCode, timedOut } = ended;
    return { exitCode, timedOut, log, jobs, artifacts: service.uploaded, orphans, command: [act, ...args] };
  } finally {
    service.close();
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Stand-ins use the packages that the true actions use. */
const standInModules = { STAND_IN_MODULES: resolve(import.meta.dirname, "../../node_modules") };

/** act runs each step on a terminal, unlike GitHub's runner: no pagers, no colours, no progress bars. */
const terminal = { TERM: "dumb", PAGER: "cat", GIT_PAGER: "cat" };

/** act hands its whole environment to the steps, so it gets a small one; anything else is the options' `env`. */
async function runnerEnvironment(scratch: string): Promise<NodeJS.ProcessEnv> {
  const passed =
    /^(LANG|TMPDIR|(https?|no|all)_proxy|NODE_EXTRA_CA_CERTS|SSL_CERT_(FILE|DIR)|(GIT_SSL_CAINFO|CURL_CA_BUNDLE))$/i;
  const kept = Object.entries(process.env).filter(([name]) => passed.test(name));
  const [home, bin] = [join(scratch, "home"), join(scratch, "bin")];
  for (const folder of [home, bin]) await mkdir(folder);
  // act runs JavaScript actions with PATH's node: make that the one which runs us.
  await symlink(process.execPath, join(bin, "node"));
  const path = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => !folder.includes("node_modules"));
  return { ...Object.fromEntries(kept), PATH: [bin, ...path].join(delimiter), HOME: home };
}

interface Ended {
  readonly exitCode: number | null;
  readonly timedOut: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

function run(
  program: string,
  args: readonly string[],
  options: { cwd: string; environment: NodeJS.ProcessEnv; timeoutMs: number; cancelled?: AbortSignal },
): Promise<Ended> {
  return new Promise((done, fail) => {
    const { cwd, environment: env } = options;
    const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
    let [stdout, stderr, timedOut] = ["", "", false];
    const signal = (name: NodeJS.Signals): void => {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, name);
    };
    const interrupt = (): void => {
      timedOut = true;
      signal("SIGINT");
    };
    // Interrupted, act ends its steps and tidies up. When it is killed, its steps' terminals close: they are hung up.
    const timers = [
      setTimeout(interrupt, options.timeoutMs),
      setTimeout(signal, options.timeoutMs + 10_000, "SIGKILL"),
    ];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    options.cancelled?.addEventListener("abort", () => signal("SIGINT"));
    child.on("error", fail);
    child.on("close", (exitCode) => {
      timers.forEach(clearTimeout);
      done({ exitCode, timedOut, stdout, stderr });
    });
  });
}

/** Ends every process that has `mark` in its environment. */
async function endOrphans(mark: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const read = (file: string): Promise<string> => readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "");
    if (!(await read("environ")).split("\0").includes(mark)) continue;
    const command = (await read("cmdline")).split("\0").join(" ").trim();
    if (command === "") continue; // ended, but not yet waited for
    found.push(command);
    try {
      process.kill(Number(pid), "SIGKILL");
    } catch {
      // It ended by itself.
    }
  }
  return found;
}

async function temporaryFolder(what: string): Promise<string> {
  return realpath(await mkdtemp(join(tmpdir(), `unikernel-ci-${what}-`)));
}

// ---- act's log ----

interface LogEntry {
  readonly msg: string;
  readonly job?: string;
  readonly jobID?: string;
  readonly matrix?: Record<string, unknown>;
  readonly stepID?: readonly string[];
  readonly stage?: StepRun["stage"];
  readonly stepResult?: "success" | "failure";
  readonly jobResult?: string;
  /** Nanoseconds. */
  readonly executionTime?: number;
  readonly command?: string;
  readonly name?: string;
  readonly arg?: string;
  readonly content?: string;
  readonly kvPairs?: Record<string, string>;
}

function readLog(output: string): { jobs: readonly JobRun[]; log: string } {
  const jobs = new Map<string, JobRun>();
  let log = "";
  for (const line of output.split("\n")) {
    const entry = (line.startsWith("{") ? JSON.parse(line) : { msg: line }) as LogEntry;
    if (line === "" || entry.msg.startsWith("LocalRepositoryCache ")) continue;
    const text = `${entry.msg.replace(/\r?\n$/, "")}\n`;
    const name = entry.job?.trim();
    log += name === undefined ? text : `[${name}] ${text}`;
    if (name === undefined) continue;
    const job = jobs.get(name) ?? newJob(name, entry);
    jobs.set(name, job);
    job.log += text;
    if (entry.stepID !== undefined) readStep(job, entry.stepID, entry, text);
    if (entry.jobResult !== undefined) job.result = job.steps.some(failsTheJob) ? "failure" : "success";
  }
  return { jobs: [...jobs.values()], log };
}

function newJob(name: string, entry: LogEntry): JobRun {
  const { jobID: id = "", matrix = {} } = entry;
  return { id, name, matrix, result: "unfinished", steps: [], annotations: [], summary: "", log: "" };
}

/** A composite counts by its own result, not by its steps'. `continue-on-error` shows only as a line in the log. */
function failsTheJob(step: StepRun): boolean {
  return !step.id.includes("/") && step.result === "failure" && !/^Failed but continue next step$/m.test(step.log);
}

function readStep(job: JobRun, ids: readonly string[], entry: LogEntry, text: string): void {
  const { stage = "Main", command, arg = "" } = entry;
  // In the post stage act joins the ids of all inner steps: the composite's is the first, the step's the last.
  const id = (stage === "Main" ? ids : [...new Set([ids[0], ids.at(-1)])]).join("/");
  let step = job.steps.find((other) => other.id === id && other.stage === stage);
  if (step === undefined) {
    const name = /^\S+ Run (?:Pre|Main|Post) (.*)$/m.exec(text)?.[1] ?? id;
    step = { id, stage, name, result: "unfinished", seconds: 0, outputs: {}, log: "" };
    job.steps.push(step);
  }
  step.log += text;
  if (command === "error" || command === "warning" || command === "notice") {
    job.annotations.push({ level: command, message: arg, properties: entry.kvPairs ?? {} });
  }
  // After a composite's end act reads the files of its last inner step once more, as if they were its own.
  const again = step.result !== "unfinished" && job.steps.some((other) => other.id.startsWith(`${id}/`));
  if (command === "set-output" && !again) step.outputs[entry.name ?? ""] = arg;
  if (command === "summary" && !again) job.summary += entry.content ?? "";
  if (entry.stepResult !== undefined) {
    step.result = entry.stepResult;
    step.seconds = (entry.executionTime ?? 0) / 1e9;
  }
}

// ---- GitHub's results service, as far as @actions/artifact 6 and @actions/cache 6 use it: Twirp, and block blobs ----

interface ResultsService {
  readonly url: string;
  /** Names of the finished artifacts; grows. */
  readonly uploaded: readonly string[];
  environment(cacheV2: boolean): Record<string, string>;
  close(): void;
}

interface Message {
  readonly name?: string;
  /** Bytes, as a decimal number. */
  readonly size?: string;
  readonly size_bytes?: string;
  readonly hash?: string;
  readonly name_filter?: string;
  readonly id_filter?: string;
  readonly key?: string;
  readonly restore_keys?: readonly string[];
  readonly version?: string;
}

type Calls = Record<string, (message: Message) => object | Promise<object>>;

/** An error of Twirp: https://twitchtv.github.io/twirp/docs/errors.html */
class Refused extends Error {
  constructor(
    message: string,
    readonly status: 400 | 404 | 409 = 409,
  ) {
    super(message);
  }
}

async function startResultsService(artifacts: string, caches: string): Promise<ResultsService> {
  let url = "";
  const uploaded: string[] = [];
  const blobs = blobStore({ artifacts, caches });
  const calls: Calls = { ...artifactCalls(artifacts, uploaded, () => url), ...(await cacheCalls(caches, () => url)) };
  const answer = async (request: IncomingMessage): Promise<object> => {
    const { pathname, searchParams } = new URL(request.url ?? "/", url);
    const body = Buffer.concat((await request.toArray()) as Buffer[]);
    if (!pathname.startsWith("/twirp/")) return blobs(request.method ?? "", pathname, searchParams, body);
    const call = calls[pathname.split("/").at(-1) ?? ""];
    if (call === undefined) throw new Error(`there is no ${pathname}`);
    return call(JSON.parse(body.toString()) as Message);
  };
  const server = createServer((request, response) => {
    const send = (status: number, type: string, body: string | Buffer): void => {
      response.writeHead(status, { "content-type": type }).end(body);
    };
    void answer(request).then(
      (value) => {
        if (Buffer.isBuffer(value)) send(200, "application/zip", value);
        else send(request.method === "PUT" ? 201 : 200, "application/json", JSON.stringify(value));
      },
      (error: unknown) =>
        send(error instanceof Refused ? error.status : 500, "application/json", JSON.stringify({ msg: String(error) })),
    );
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return {
    url,
    uploaded,
    environment: (cacheV2) => ({
      ACTIONS_RUNTIME_URL: url,
      ACTIONS_RESULTS_URL: url,
      ACTIONS_RUNTIME_TOKEN: runtimeToken(),
      ...(cacheV2 ? { ACTIONS_CACHE_SERVICE_V2: "true" } : {}),
    }),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Nobody checks it; the artifact client reads the ids of the run and the job from the scope. */
function runtimeToken(): string {
  const claims = { scp: "Actions.Results:1:1", exp: Math.floor(Date.now() / 1000) + 86_400 };
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none", typ: "JWT" })}.${part(claims)}.none`;
}

function artifactCalls(folder: string, uploaded: string[], url: () => string): Calls {
  const names: string[] = [];
  const file = (name: string): string => join(folder, `${name}.zip`);
  const blob = (name: string): string => `${url()}artifacts/${encodeURIComponent(name)}.zip`;
  return {
    CreateArtifact: ({ name = "" }) => {
      if (/^$|[":<>|*?\\/\r\n]/.test(name)) throw new Refused(`the artifact name ${name} is not valid`, 400);
      if (names.includes(name)) throw new Refused("an artifact with this name already exists on the workflow run");
      names.push(name);
      return { ok: true, signed_upload_url: blob(name) };
    },
    FinalizeArtifact: async ({ name = "", hash, size }) => {
      if (!names.includes(name) || uploaded.includes(name)) throw new Refused(`no artifact ${name} is begun`, 404);
      const content = await readFile(file(name));
      const got = `sha256:${sha256(content)}`;
      if (hash !== undefined && hash !== got) throw new Refused(`${name} should be ${hash}, and is ${got}`, 400);
      if (size !== String(content.length)) throw new Refused(`${name} has not ${String(size)} bytes`, 400);
      uploaded.push(name);
      return { ok: true, artifact_id: String(names.indexOf(name) + 1) };
    },
    ListArtifacts: async ({ name_filter, id_filter }) => {
      const ids = { workflow_run_backend_id: "1", workflow_job_run_backend_id: "1" };
      const all = names.map((name, index) => ({ ...ids, database_id: String(index + 1), name }));
      const wanted = all.filter(
        ({ name, database_id }) =>
          uploaded.includes(name) && (name_filter ?? name) === name && (id_filter ?? database_id) === database_id,
      );
      const contents = await Promise.all(wanted.map(({ name }) => readFile(file(name))));
      return {
        artifacts: wanted.map((artifact, index) => {
          const content = contents[index] ?? Buffer.alloc(0);
          return { ...artifact, size: String(content.length), digest: `sha256:${sha256(content)}` };
        }),
      };
    },
    GetSignedArtifactURL: ({ name = "" }) => {
      if (!uploaded.includes(name)) throw new Refused(`there is no artifact ${name}`, 404);
      return { signed_url: blob(name) };
    },
  };
}

interface CacheEntry {
  readonly key: string;
  readonly version: string;
  readonly file: string;
}

async function cacheCalls(folder: string, url: () => string): Promise<Calls> {
  const index = join(folder, "v2.json");
  /** The newest first. */
  const entries = JSON.parse(await readFile(index, "utf8").catch(() => "[]")) as CacheEntry[];
  const reserved = new Set(entries.map(({ file }) => file));
  const newEntry = ({ key = "", version = "" }: Message): CacheEntry => ({
    key,
    version,
    file: sha256(`${key} ${version}`),
  });
  return {
    CreateCacheEntry: (message) => {
      const { key, file } = newEntry(message);
      if (reserved.has(file)) throw new Refused(`a cache entry with the key ${key} already exists`);
      reserved.add(file);
      return { ok: true, signed_upload_url: `${url()}caches/${file}` };
    },
    FinalizeCacheEntryUpload: async (message) => {
      const entry = newEntry(message);
      const isThere = entries.some(({ file }) => file === entry.file);
      if (!reserved.has(entry.file) || isThere) throw new Refused(`no entry ${entry.key} is begun`, 404);
      const { size } = await stat(join(folder, entry.file));
      if (message.size_bytes !== String(size)) throw new Refused(`${entry.key} has ${size} bytes`, 400);
      entries.unshift(entry);
      await writeFile(index, JSON.stringify(entries, null, 1));
      return { ok: true, entry_id: String(entries.length) };
    },
    GetCacheEntryDownloadURL: ({ key = "", version, restore_keys = [] }) => {
      const candidates = entries.filter((entry) => entry.version === version);
      const exact = candidates.find((entry) => entry.key === key);
      const prefixes = [key, ...restore_keys];
      const found =
        exact ?? prefixes.flatMap((prefix) => candidates.filter((entry) => entry.key.startsWith(prefix)))[0];
      if (found === undefined) return { ok: false };
      return { ok: true, signed_download_url: `${url()}caches/${found.file}`, matched_key: found.key };
    },
  };
}

type BlobStore = (method: string, path: string, query: URLSearchParams, body: Buffer) => Promise<object>;

/** Azure's: whole, or in blocks that a list puts in order. */
function blobStore(folders: Readonly<Record<string, string>>): BlobStore {
  const blocks = new Map<string, Buffer>();
  return async (method, path, query, body) => {
    const [kind = "", name = ""] = path.slice(1).split("/").map(decodeURIComponent);
    const folder = folders[kind];
    if (folder === undefined || /^\.*$|\//.test(name)) throw new Error(`there is no ${path}`);
    const file = join(folder, name);
    if (method === "GET") return readFile(file);
    if (query.get("comp") === "block") blocks.set(`${file} ${query.get("blockid") ?? ""}`, body);
    else if (query.get("comp") === "blocklist") {
      const ids = [...body.toString().matchAll(/<Latest>([^<]*)</g)].map(([, id]) => `${file} ${id ?? ""}`);
      await writeFile(file, Buffer.concat(ids.map((id) => blocks.get(id) ?? Buffer.alloc(0))));
      ids.forEach((id) => blocks.delete(id));
    } else await writeFile(file, body);
    return {};
  };
}

function sha256(contents: string | Buffer): string {
  return createHash("sha256").update(contents).digest("hex");
}
