import type { MirageBounds } from "../project.js";

/** The first line as mirage itself takes it (`check_version` in mirage's lib/functoria/tool.ml): each bound at most once. */
const header = /^\(\* mirage(?<bounds>(?: +(?:&|>= +[\d.]+|< +[\d.]+))+) +\*\)/;

/**
 * The versions of mirage that a config.ml asks for in its first line: `(* mirage >= 4.10.0 & < 4.12.0 *)`, either side alone.
 *
 * @returns undefined when the first line is no such comment; mirage then accepts any version.
 */
export function parseMirageBounds(configuration: string): MirageBounds | undefined {
  const text = header.exec(configuration)?.groups?.["bounds"]?.trim();
  if (text === undefined) return undefined;
  const lower = [...text.matchAll(/>= +([\d.]+)/g)];
  const upper = [...text.matchAll(/< +([\d.]+)/g)];
  if (lower.length > 1 || upper.length > 1) return undefined;
  const atLeast = lower[0]?.[1];
  const below = upper[0]?.[1];
  return {
    text: text.replace(/ +/g, " "),
    ...(atLeast === undefined ? {} : { atLeast }),
    ...(below === undefined ? {} : { below }),
  };
}

/** Whether a file is a configuration of mirage, and not some other program's config.ml. */
export function mentionsMirage(configuration: string): boolean {
  return /\bMirage\b|^\(\* mirage /.test(configuration);
}
