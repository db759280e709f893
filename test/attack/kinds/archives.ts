import fc from "fast-check";
import { attack } from "../attack.js";
export const archives = attack("archives", 1, fc.boolean(), () => Promise.resolve("nothing"));
