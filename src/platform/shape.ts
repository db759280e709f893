import * as v from "valibot";

/** What a schema reads, with nothing that may be changed. */
export type Read<Schema extends v.GenericSchema> = Unchanging<v.InferOutput<Schema>>;

type Unchanging<T> = T extends object ? { readonly [Key in keyof T]: Unchanging<T[Key]> } : T;

/** JSON writes no other number, but reads `1e999` as one. */
export const finite = v.pipe(v.number(), v.finite("a number that is not too large"));

/** What is wrong with a value that a schema refused: a sentence that names the field, and facts for a `Problem`. */
export interface Fault {
  readonly what: string;
  readonly found?: string;
  readonly accepted?: string;
}

/** The words of {@link Fault} for an issue of the schema's library. */
export function faultOf({ path, kind, type, expected, message, input }: v.BaseIssue<unknown>): Fault {
  const field = (path ?? []).reduce((whole, { key }) => {
    if (typeof key === "number") return `${whole}[${key}]`;
    return `${whole}${whole === "" ? "" : "."}${shortened(String(key))}`;
  }, "");
  const subject = field === "" ? "the whole" : field;
  if (input === undefined) return { what: `${subject} is missing` };
  const accepted =
    kind === "schema" ? (kinds[type] ?? (expected ?? "").replace(/[()"]/g, "").replaceAll(" | ", ", ")) : message;
  return { what: `${subject} is wrong`, found: shown(input), accepted };
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

function shown(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" && value !== null ? "an object" : shortened(JSON.stringify(value));
}

const longest = 80;

function shortened(text: string): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}…`;
}

/** Whether a value that came from outside, as JSON does, has a shape. */
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
