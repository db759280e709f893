import { toJsonSchema } from "@valibot/to-json-schema";
import { buildInfoSchema, imageRecord } from "../src/artifact/schema.js";

/** The text of docs/build-info.schema.json, without checks that are code, such as that of a valid date. */
export function buildInfoSchemaFile(): string {
  const schema = toJsonSchema(buildInfoSchema, {
    target: "draft-2020-12",
    typeMode: "input",
    definitions: { image: imageRecord },
    ignoreActions: ["check", "finite"],
  });
  return `${JSON.stringify(schema, null, 2)}\n`;
}
