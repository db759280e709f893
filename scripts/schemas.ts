import { toJsonSchema } from "@valibot/to-json-schema";
import { buildInfoSchema, imageRecord } from "../src/artifact/schema.js";

/** The text of docs/build-info.schema.json. What a schema says in code of ours (a date that no calendar has) it leaves out. */
export function buildInfoSchemaFile(): string {
  const schema = toJsonSchema(buildInfoSchema, {
    target: "draft-2020-12",
    typeMode: "input",
    definitions: { image: imageRecord },
    ignoreActions: ["check", "finite"],
  });
  return `${JSON.stringify(schema, null, 2)}\n`;
}
