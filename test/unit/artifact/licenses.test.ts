import { expect, test } from "vitest";
import { unusualLicenses } from "../../../src/artifact/licenses.js";
import type { UsedPackage } from "../../../src/project/project.js";

const used = (licenses: readonly string[], use: UsedPackage["use"] = "image"): UsedPackage => ({
  name: "a",
  version: "1",
  from: "duniverse",
  use,
  source: null,
  hashes: [],
  licenses,
});

test.each([
  [["MIT"]],
  [["ISC", "Apache-2.0"]],
  [["BSD-3-clause"]],
  [["LGPL-2.1-or-later WITH OCaml-LGPL-linking-exception"]],
  [["GPL-3.0-only OR MIT"]],
])("%j is usual", (licenses) => {
  expect(unusualLicenses([used(licenses)])).toEqual([]);
});

test.each([
  [["GPL-3.0-or-later"], "GPL-3.0-or-later"],
  [["AGPL-3.0-only"], "AGPL-3.0-only"],
  [["LGPL-2.1-only"], "LGPL-2.1-only"],
  [["MIT AND GPL-2.0-only"], "MIT AND GPL-2.0-only"],
  [["GPL-2.0-only WITH OCaml-LGPL-linking-exception"], "GPL-2.0-only WITH OCaml-LGPL-linking-exception"],
  [["MIT", "my own"], "MIT and my own"],
  [["LGPL-2.1"], "LGPL-2.1"],
  [[], "none given"],
])("%j is reported", (licenses, license) => {
  expect(unusualLicenses([used(licenses)])).toEqual([{ name: "a", version: "1", license }]);
});

test("the licence of a tool is not reported, the licence of a package that may be in the image is", () => {
  expect(unusualLicenses([used(["GPL-3.0-only"], "tool")])).toEqual([]);
  expect(unusualLicenses([used(["GPL-3.0-only"], "unknown")])).toHaveLength(1);
});
