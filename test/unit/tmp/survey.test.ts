import { it } from "vitest";
import { readdirSync, writeFileSync } from "node:fs";
import { readTree } from "/work/h/init/src/init/tree.js";
import { findUnikernels } from "/work/h/init/src/init/unikernels.js";
import { describe } from "/work/h/init/src/init/unikernel.js";
it("x", () => {
  const root = "/work/h/init-tmp/repos";
  let out = "";
  for (const n of readdirSync(root)) {
    const { chosen, others } = findUnikernels(readTree(`${root}/${n}`), "");
    out += `${n}: ${chosen.length} +${others.length}\n`;
    for (const u of chosen) out += `   ${describe(u)} ${u.targets} ${JSON.stringify(u.inputs)} req=${u.boot.required} ${u.boot.needs ?? ""} ${u.remarks.map((r) => r.text)}\n`;
    for (const u of others) out += `   (other) ${describe(u)}\n`;
  }
  writeFileSync("/work/h/init-tmp/survey.txt", out);
});
