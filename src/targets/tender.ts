import type { Architecture } from "./architecture.js";

/** Solo5's own programs that run its images. */
export const tenders = ["solo5-hvt", "solo5-spt"] as const;
export type Tender = (typeof tenders)[number];

/**
 * What the program of a tender is called: Solo5's own name for the machine's architecture; for another one there is only
 * a static program, which the toolchain's build leaves (toolchain/tenders.ts) and the helper VM runs (boot/helper-vm).
 */
export function tenderName(tender: Tender, architecture: Architecture, hostArchitecture: Architecture): string {
  return architecture === hostArchitecture ? tender : `${tender}-${architecture}`;
}
