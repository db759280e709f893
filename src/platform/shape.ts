import * as v from "valibot";

/** The read-only type of a schema's values. */
export type Read<Schema extends v.GenericSchema> = Unchanging<v.InferOutput<Schema>>;

type Unchanging<T> = T extends object ? { readonly [Key in keyof T]: Unchanging<T[Key]> } : T;

/** JSON has no infinity, but JSON.parse() reads `1e999` as one. */
export const finite = v.pipe(v.number(), v.finite("a number that is not too large"));

/** Why a schema refused a value: a sentence that names the field, and facts for a `Problem`. */
export interface Fault {
  readonly what: string;
  readonly found?: string;
  readonly accepted?: string;
}

/** The {@link Fault} for an issue of valibot's. */
export function faultOf({ path, kind, type, expected, message, input }: v.BaseIssue<unknown>): Fault {
  const field = (path ?? []).reduce((whole, { key }) => {
    if (typeof key === "number") return `${whole}[${key}]`;
    return `${whole}${whole === "" ? "" : "."}${shortened(String(key))}`;
  }, "");
  const subject = field === "" ? "the whole" : field;
  if (input === undefined) return { what: `${subject} is missing` };
  const accepted =
    kind === "schema" ? (kinds[type] ?? (expected ?? "").replace(/[()"]/g, "").replaceAll(" | ", ", ")) : message;
  return { what: `${subject} is wrong`, found: briefly(input), accepted };
}

const kinds: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  object_with_rest: "an object",
  loose_object: "an object",
};

/** A value of untrusted JSON in some words: it may have a `toString` that is no function. */
export function briefly(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" && value !== null ? "an object" : shortened(JSON.stringify(value));
}

const longest = 80;

function shortened(text: string): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}…`;
}

/** Whether an untrusted value, such as parsed JSON, has a shape. */
export type Check = (value: unknown) => boolean;

export const text: Check = (value) => typeof value === "string";
export const boolean: Check = (value) => typeof value === "boolean";

export const orAbsent =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);

export const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);

/** An object that is not an array. */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** An object with at least these fields. */
export const record =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isRecord(value) && Object.entries(fields).every(([name, check]) => check(value[name]));

/** An object whose fields, of any name, are texts. */
export const textsByName: Check = (value) => isRecord(value) && Object.values(value).every(text);
