const binaryUnits = { GiB: 2 ** 30, MiB: 2 ** 20, KiB: 2 ** 10 } as const;
const units: Readonly<Record<string, number>> = { "": 1, B: 1, kB: 1e3, MB: 1e6, GB: 1e9, ...binaryUnits };

/** The bytes of a size such as `5 MB`, `800kB`, `4MiB` or `512`; undefined for any other text. */
export function parseSize(text: string): number | undefined {
  const [, digits, unit = ""] = /^(\d+(?:\.\d+)?) ?([A-Za-z]*)$/.exec(text) ?? [];
  const factor = units[unit];
  return digits === undefined || factor === undefined ? undefined : Math.round(Number(digits) * factor);
}

/** An exact number of bytes in the largest binary unit that needs no fraction: `4 MiB`, `513 bytes`. */
export function exactSize(bytes: number): string {
  const [unit, factor] = Object.entries(binaryUnits).find(([, each]) => bytes % each === 0) ?? ["bytes", 1];
  return `${bytes / factor} ${unit}`;
}
