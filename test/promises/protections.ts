// What keeps each promise of docs/threat-model.md: `npm run promises` takes each out, and the promise's test must fail.
import type { Protection, ProtectionTable } from "./protection.js";
import { archives } from "./protections/archives.js";
import { caches } from "./protections/caches.js";
import { foreignTexts } from "./protections/foreign-texts.js";
import { network } from "./protections/network.js";
import { releases } from "./protections/releases.js";
import { supply } from "./protections/supply.js";
import { words } from "./protections/words.js";

const tables: readonly ProtectionTable[] = [words, foreignTexts, network, archives, caches, releases, supply];

export const protections: readonly Protection[] = tables.flatMap((table) =>
  Object.entries(table).flatMap(([test, pieces]) => pieces.map((piece) => ({ test, piece }))),
);
