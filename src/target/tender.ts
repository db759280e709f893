import type { Architecture } from "./architecture.js";
import type { MonitorKind } from "./target.js";

/** Solo5's own monitors. */
export type Tender = Extract<MonitorKind, "solo5-hvt" | "solo5-spt">;
export const tenders: readonly Tender[] = ["solo5-hvt", "solo5-spt"];

/**
 * What the program of a tender is called: Solo5's own name for the machine's architecture; for another one there is only
 * a static program, which the toolchain's build leaves (toolchain/tenders.ts) and a Linux guest runs (boot/carrier).
 */
export function tenderName(tender: Tender, architecture: Architecture, hostArchitecture: Architecture): string {
  return architecture === hostArchitecture ? tender : `${tender}-${architecture}`;
}
