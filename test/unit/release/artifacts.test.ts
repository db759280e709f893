import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { findArtifacts } from "../../../src/release/artifacts.js";
import { legOf, writeLegs } from "../collect/fixtures.js";

it("the artifacts of a release lie side by side, or are the folder itself", async () => {
  const folder = mkdtempSync(join(tmpdir(), "unikernel-ci-"));
  mkdirSync(join(folder, "coverage"));
  await expect(findArtifacts(folder)).rejects.toThrow("there is no artifact");
  const leg = legOf();
  writeLegs(folder, leg);
  for (const place of [folder, join(folder, leg.name)]) {
    const { artifacts, others } = await findArtifacts(place);
    expect(artifacts.map(({ name }) => name)).toEqual([leg.name]);
    expect(others).toEqual(place === folder ? ["coverage"] : []);
  }
});
