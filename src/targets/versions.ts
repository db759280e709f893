import { type VersionRequest, componentsFor, newest, released } from "./combinations.js";
import { type Constraint, type Versions, componentsOf } from "./constraint.js";
import { type Refusal, notAvailable, refuse } from "./version-refusal.js";

export type Resolution =
  { readonly kind: "versions"; readonly versions: Versions } | { readonly kind: "refusal"; readonly refusal: Refusal };

/**
 * Decides every version: the newest OCaml that works, then the newest mirage, cross compiler and solo5.
 *
 * @returns the versions, or a refusal that names the conflicting constraints and lists versions that work.
 */
export function resolveVersions(given: VersionRequest): Resolution {
  const ofToolchain = componentsFor(given);
  const request = {
    ...given,
    constraints: given.constraints.filter((one) => componentsOf(one).some((name) => ofToolchain.includes(name))),
  };
  const versions = newest(request);
  if (versions !== undefined) return { kind: "versions", versions };
  for (const elsewhere of released(request)) return { kind: "refusal", refusal: notAvailable(request, elsewhere) };
  return { kind: "refusal", refusal: refuse(request, conflicts(request)) };
}

/**
 * Sets of constraints that conflict, each as small as possible: without any one of them, its others can be satisfied.
 * Without all of them, the request can be satisfied.
 */
function conflicts(request: VersionRequest): readonly (readonly Constraint[])[] {
  if (newest(request) !== undefined) return [];
  const conflict = request.constraints.reduce<readonly Constraint[]>((left, candidate) => {
    const without = left.filter((one) => one !== candidate);
    return newest({ ...request, constraints: without }) === undefined ? without : left;
  }, request.constraints);
  if (conflict.length === 0) return [];
  return [
    conflict,
    ...conflicts({ ...request, constraints: request.constraints.filter((one) => !conflict.includes(one)) }),
  ];
}
