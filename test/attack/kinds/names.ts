import fc from "fast-check";
import { attack } from "../attack.js";
export const names = attack("names", 1, fc.boolean(), () => Promise.resolve("nothing"));
