// Draws docs/summary.png: the job summary of a real run, as GitHub shows it. `npx tsx scripts/summary-picture.ts` runs
// examples/bare under act (test/e2e/install-act.sh) and draws what the run wrote; with a file of Markdown it draws
// that. Needs Chromium (Debian: chromium) and takes marked and mermaid from npm, into .cache/picture.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { prepareRepository, runWorkflow } from "../test/e2e/harness.js";

const root = resolve(import.meta.dirname, "..");
const tools = join(root, ".cache/picture");
/** GitHub does not document which versions it uses. */
const wanted = ["marked@18.2.1", "mermaid@11.17.2"];
const width = 1160;
const picture = join(root, "docs/summary.png");

/** Four boots of one image. One fails on purpose, because readers want to see a failure. */
const workflow = `
name: unikernel
on: push
jobs:
  unikernel:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v7
      - uses: unikernel-ci/unikernel-ci@v1
        with:
          target: virtio
          arch: x86_64
          ocaml-version: none
          build-command: make -s -C '${root}/examples/bare' ARCH="$ARCH" OUT="$OUT" NAME=www
          accelerator: tcg
          scenarios: |
            - name: greets
              expect: Hello from a bare unikernel
            - name: exits-with-3
              args: exit 3
              expect-exit: 3
            - name: keeps-running
              args: tick
              until: running
            - name: without-its-key
              args: exception
`;

async function summaryOfRun(folder: string): Promise<string> {
  const path = ".github/workflows/ci.yml";
  const repository = await prepareRepository({ from: root, files: { [path]: workflow } });
  try {
    const run = await runWorkflow({
      repository,
      workflow: path,
      cachePath: join(folder, "cache"),
      artifactPath: join(folder, "artifacts"),
    });
    const summary = run.jobs.map((job) => job.summary).join("\n");
    if (summary === "") throw new Error(`the run wrote no summary:\n${run.log}`);
    return summary;
  } finally {
    await repository.remove();
  }
}

function call(program: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) throw error ?? new Error(`${program} exited with status ${String(status)}: ${stderr}`);
  return stdout;
}

/** A page that reports its height in `data-height`. */
function page(markdown: string): string {
  const script = (path: string) => `<script src="${pathToFileURL(join(tools, "node_modules", path)).href}"></script>`;
  const text = JSON.stringify(markdown).replaceAll("<", "\\u003c");
  return `<!doctype html><meta charset="utf-8"><style>
    body { margin: 0; padding: 24px; width: ${width - 48}px; box-sizing: content-box; background: #fff; color: #1f2328;
      font: 14px/1.5 "Liberation Sans", Helvetica, Arial, sans-serif }
    table { border-collapse: collapse; margin: 0 0 16px; width: max-content; max-width: 100% }
    th, td { border: 1px solid #d1d9e0; padding: 6px 13px; text-align: left } th { font-weight: 600 }
    tbody tr:nth-child(2n) { background: #f6f8fa }
    code { font: 12px "Liberation Mono", monospace; background: #818b981f; border-radius: 6px; padding: .2em .4em }
    pre { background: #f6f8fa; border-radius: 6px; padding: 16px; overflow: hidden; margin: 0 0 16px;
      line-height: 1.45 }
    pre code { background: none; padding: 0 } p { margin: 0 0 16px } details { margin: 0 0 16px } a { color: #0969da }
    .mermaid { margin: 0 0 16px; border: 1px solid #d1d9e0; border-radius: 6px; padding: 8px }
  </style><body>${script("marked/lib/marked.umd.js")}${script("mermaid/dist/mermaid.min.js")}<main></main><script>
    const main = document.querySelector('main')
    main.innerHTML = marked.parse(${text})
    for (const code of main.querySelectorAll('code.language-mermaid')) {
      const drawing = document.createElement('div')
      drawing.className = 'mermaid'
      drawing.textContent = code.textContent
      code.parentElement.replaceWith(drawing)
    }
    mermaid.initialize({ startOnLoad: false })
    mermaid.run().finally(() => {
      document.body.dataset.height = Math.ceil(document.body.getBoundingClientRect().height)
    })
  </script>`;
}

const folder = mkdtempSync(join(tmpdir(), "unikernel-ci-picture-"));
try {
  const [, , given] = process.argv;
  const markdown = given === undefined ? await summaryOfRun(folder) : readFileSync(given, "utf8");
  call("npm", ["install", "--prefix", tools, "--ignore-scripts", "--no-audit", "--no-fund", ...wanted]);
  const file = join(folder, "summary.html");
  writeFileSync(file, page(markdown));
  // The page is trusted, and the sandbox is unavailable to root.
  const chromium = (...args: string[]) =>
    call("chromium", [
      "--headless",
      "--no-sandbox",
      "--hide-scrollbars",
      "--virtual-time-budget=20000",
      ...args,
      pathToFileURL(file).href,
    ]);
  const [, height] = /data-height="(\d+)"/.exec(chromium(`--window-size=${width},2000`, "--dump-dom")) ?? [];
  if (height === undefined) throw new Error("the page did not report its height");
  chromium(`--window-size=${width},${height}`, `--screenshot=${picture}`);
  console.log(`wrote ${picture}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
