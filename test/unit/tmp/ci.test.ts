import { it } from "vitest";
import { readdirSync, writeFileSync } from "node:fs";
import { readTree } from "/work/h/init/src/init/tree.js";
import { ciJobs } from "/work/h/init/src/init/ci-scripts.js";
import { oldBuilds, toolsOf, modesIn } from "/work/h/init/src/init/old-builds.js";
it("x", () => {
  const root = "/work/h/init-tmp/repos";
  let out = "";
  for (const n of readdirSync(root)) {
    if (!/^(robur|dinosaure|mirage|hannesm|jeffa|mirleft|palainp|yomimono|zship|Ryan|Solo5|Pizie|anurag)/.test(n)) continue;
    const jobs = ciJobs(readTree(`${root}/${n}`));
    const b = oldBuilds(jobs), m = modesIn(jobs);
    out += `== ${n}\n`;
    for (const x of b) out += "  B " + JSON.stringify(x) + "\n";
    for (const x of m) out += "  M " + JSON.stringify(x) + "\n";
    if (b.length + m.length === 0) for (const j of jobs) out += `  T ${j.path} ${j.name} ${JSON.stringify(toolsOf(j))}\n`;
  }
  writeFileSync("/work/h/init-tmp/ci.txt", out);
});
