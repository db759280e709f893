import type { Architecture } from "./architecture.js";

/** The VMMs of Solo5. */
export const tenders = ["solo5-hvt", "solo5-spt"] as const;
export type Tender = (typeof tenders)[number];

/**
 * The file name of a tender: Solo5's own name for the architecture of this machine. For another architecture it is a
 * static program that the toolchain's build adds (toolchain/tenders.ts) and the helper VM runs (boot/helper-vm).
 */
export function tenderName(tender: Tender, architecture: Architecture, hostArchitecture: Architecture): string {
  return architecture === hostArchitecture ? tender : `${tender}-${architecture}`;
}
