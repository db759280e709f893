import { size } from "../platform/log.js";
import { parseSize } from "../platform/size.js";

/** How much an image may grow: in bytes, or relative to its former size (0.05 for 5 %). */
export type Growth = { readonly bytes: number } | { readonly share: number };

/** Parses a growth such as `5%` or `100 kB`; undefined when it is not one. */
export function parseGrowth(text: string): Growth | undefined {
  const percent = /^(\d+(?:\.\d+)?) ?%$/.exec(text)?.[1];
  if (percent !== undefined) return { share: Number(percent) / 100 };
  const bytes = parseSize(text);
  return bytes === undefined ? undefined : { bytes };
}

/** `+12.0 kB (+0.6 %)`, `-1.2 MB (-40.0 %)`, `same`. */
export function changeText(now: number, before: number): string {
  if (now === before) return "same";
  const sign = now > before ? "+" : "-";
  const difference = Math.abs(now - before);
  const share = before === 0 ? "" : ` (${sign}${((100 * difference) / before).toFixed(1)} %)`;
  return `${sign}${size(difference)}${share}`;
}

/** `5 %` or `100 kB`. */
export function growthText(growth: Growth): string {
  return "bytes" in growth ? size(growth.bytes) : `${Number((growth.share * 100).toFixed(2))} %`;
}

export function exceeds(growth: Growth, now: number, before: number): boolean {
  return now - before > ("bytes" in growth ? growth.bytes : growth.share * before);
}
