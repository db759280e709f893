/**
 * A text in which every control character is written out: `\x1b[2J` instead of a cleared screen.
 *
 * Covered are C0 (with CR, LF and NUL; not the tab), DEL, C1, the line and paragraph separators, and the characters that
 * reorder what a reader sees (https://trojansource.codes). What comes out is one line whatever reads it.
 */
export function visible(text: string): string {
  return text.replace(invisible, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

const invisible = /(?!\t)[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;
