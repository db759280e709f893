/** A kind of file that no build of a unikernel uses. */
export interface SlimRule {
  readonly name: string;
  readonly reason: string;
  readonly covers: RegExp;
}

/** In a switch: `opam/toolchain/lib/ocaml/…`, and the same again for the cross compiler in `lib/ocaml-solo5`. */
const bin = String.raw`(?:^|/)bin/`;

/**
 * What is left out of a toolchain's archive unless something that stays needs it (slim-plan.ts), in the order in which it is
 * counted. The paths are relative to the toolchain's folder. What must stay: the host's compiler-libs (every ppx), the cross ones, those in bytecode as well (findlib
 * says that there are none without them, and one of upstream's examples links them), both ocamlmklib (dune makes foreign
 * stubs with them), both `ocaml` (build scripts of packages, and dune's files in OCaml's syntax, are run by it), and what
 * opam knows of its packages and repositories (`opam install` on top).
 */
export const slimRules: readonly SlimRule[] = [
  {
    name: "opam’s own leftovers",
    reason: "sources, downloads, logs and caches of a finished build; opam recreates its caches",
    covers:
      /^opam\/(?:download-cache|log|repo\/state-[^/]*\.cache|toolchain\/\.opam-switch\/(?:sources|build|backup|packages\/cache))(?:$|\/)/,
  },
  {
    name: "OCaml’s sources",
    reason: "ocaml-src is only needed to build the cross compiler",
    covers: /(?:^|\/)lib\/ocaml-src(?:$|\/)/,
  },
  {
    name: "annotations",
    reason: "typed trees for editors and documentation; compilers do not read them",
    covers: /\.(?:cmt|cmti|annot)$/,
  },
  {
    name: "documentation",
    reason: "builds do not read it",
    covers: /^opam\/toolchain\/(?:lib\/[^/]+\/)?(?:man|doc|share\/(?:doc|man|emacs|vim))(?:$|\/)/,
  },
  {
    name: "compilers in bytecode",
    reason: "the native compilers are used instead",
    covers: new RegExp(String.raw`${bin}[^/]+\.byte$`),
  },
  {
    name: "runtimes for debugging",
    reason: "linked only by -runtime-variant d or i, which no target uses",
    covers: /(?:^|\/)(?:lib(?:asm|caml)run[di](?:_pic)?\.a|(?:target_)?camlheader[di]|bin\/ocamlrun[di])$/,
  },
  {
    name: "tools for people at a terminal",
    reason: "debugger, documentation, profiler",
    covers: new RegExp(
      String.raw`(?:${bin}(?:ocamldebug|ocamldoc(?:\.opt)?|ocamlprof|ocamlcp|ocamloptp|ocamlcmt)|(?:^|/)lib/(?:ocaml/(?:expunge|ocamldoc/.*)|ocamldoc/META))$`,
    ),
  },
];

/** The rule that a path falls under; undefined: none. */
export function slimRuleOf(path: string): SlimRule | undefined {
  return slimRules.find(({ covers }) => covers.test(path));
}
