/** Whether a value that came from outside, as JSON does, has a shape. */
export type Check = (value: unknown) => boolean;

export const text: Check = (value) => typeof value === "string";
export const number: Check = (value) => typeof value === "number" && Number.isFinite(value);
export const boolean: Check = (value) => typeof value === "boolean";

export const orAbsent =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);

export const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);

export const oneOf =
  (words: readonly string[]): Check =>
  (value) =>
    words.some((word) => word === value);

/** @param least how many there must be. */
export const listOf =
  (check: Check, least = 0): Check =>
  (value) =>
    Array.isArray(value) && value.length >= least && value.every(check);

/** An object that is no list. */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** An object with these fields at least. */
export const record =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isRecord(value) && Object.entries(fields).every(([name, check]) => check(value[name]));

/** An object, whatever its fields are called. */
export const textsByName: Check = (value) => isRecord(value) && Object.values(value).every(text);
