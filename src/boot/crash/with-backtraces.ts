import { Bytes, MalformedFile } from "../../image/bytes.js";
import { functionIn, isElf, readElf } from "../../image/elf.js";
import type { Architecture } from "../../targets/architecture.js";

/**
 * A copy of an image whose OCaml runtime finds `OCAMLRUNPARAM=b` in its environment, which nothing sets in a unikernel:
 * it then prints the backtrace of an uncaught exception, on every VMM and architecture.
 *
 * @param image is not changed.
 * @param symbols the image before it was stripped, or the image itself.
 * @returns undefined when the image has no such runtime, or nothing tells where its functions are.
 */
export function withBacktraces(image: Uint8Array, symbols: Uint8Array, architecture: Architecture): Buffer | undefined {
  const copy = Buffer.from(image);
  const { getenv, scanmult } = functions[architecture];
  // The runtime's own function can be no more than a jump to the C library's.
  const isReplaced =
    ["caml_secure_getenv", "secure_getenv"].some((name) => replace(copy, bodyOf(symbols, name), getenv)) &&
    replace(copy, bodyOf(symbols, "scanmult"), scanmult);
  return isReplaced ? copy : undefined;
}

/** @returns whether `body` is in the image, exactly once, and long enough for the code, which is then in its place. */
function replace(image: Buffer, body: Buffer | undefined, code: string): boolean {
  const own = Buffer.from(code.replaceAll(" ", ""), "hex");
  if (body === undefined || body.length < own.length) return false;
  // Stripping and converting keep a function's code, but not its place.
  const at = image.indexOf(body);
  if (at < 0 || image.includes(body, at + 1)) return false;
  own.copy(image, at);
  return true;
}

function bodyOf(symbols: Uint8Array, name: string): Buffer | undefined {
  const bytes = new Bytes(symbols);
  try {
    const place = isElf(bytes) ? functionIn(readElf(bytes), name) : undefined;
    return place && Buffer.from(symbols).subarray(place.offset, place.offset + place.size);
  } catch (error) {
    if (!(error instanceof MalformedFile)) throw error;
    return undefined;
  }
}

/**
 * Machine code. `getenv` knows OCAMLRUNPARAM: `return name[4] == 'L' && name[5] == 'R' ? "b,d=1" : NULL`. Each domain
 * costs memory at start: ocaml-unikraft's environment allows one, and ocaml-solo5 has no others. `scanmult` of OCaml's
 * `runtime/startup_aux.c` reads a number: `*variable = 1`. It would call sscanf, which ocaml-solo5 does not have.
 */
const functions: Readonly<Record<Architecture, { readonly getenv: string; readonly scanmult: string }>> = {
  x86_64: {
    getenv: [
      "66 81 7f 04 4c 52", //      cmpw $0x524c, 4(%rdi)
      "75 08", //                  jne  1f
      "48 8d 05 04 00 00 00", //   lea  2f(%rip), %rax
      "c3", //                     ret
      "31 c0", //              1:  xor  %eax, %eax
      "c3", //                     ret
      "62 2c 64 3d 31 00", //  2:  .asciz "b,d=1"
    ].join(" "),
    scanmult: [
      "48 c7 06 01 00 00 00", //   movq $1, (%rsi)
      "c3", //                     ret
    ].join(" "),
  },
  aarch64: {
    getenv: [
      "01 10 40 39", //            ldrb w1, [x0, #4]
      "02 14 40 39", //            ldrb w2, [x0, #5]
      "3f 30 01 71", //            cmp  w1, #'L'
      "c1 00 00 54", //            b.ne 1f
      "5f 48 01 71", //            cmp  w2, #'R'
      "81 00 00 54", //            b.ne 1f
      "a0 00 00 10", //            adr  x0, 2f
      "c0 03 5f d6", //            ret
      "1f 20 03 d5", //            nop
      "00 00 80 d2", //        1:  mov  x0, #0
      "c0 03 5f d6", //            ret
      "62 2c 64 3d 31 00", //  2:  .asciz "b,d=1"
    ].join(" "),
    scanmult: [
      "22 00 80 d2", //            mov  x2, #1
      "22 00 00 f9", //            str  x2, [x1]
      "c0 03 5f d6", //            ret
    ].join(" "),
  },
};
