// Text that is not ours, as it may be shown: names, identifiers and tags are whatever somebody chose.

/** The text without what would move a cursor, hide characters or begin a line: those are shown as escapes. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u{${code.toString(16)}}`;
  });
}

/**
 * A cell of RFC 4180. One that a spreadsheet would take for a formula is made text by a `'` before it: whoever names a key
 * must not run one.
 */
export function csvCell(value: string): string {
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const COMBINING = /^[\p{Mn}\p{Me}]+$/u;
/** The wide blocks of UAX 11 that are in use, and emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Columns that the text takes on a terminal. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += widthOf(segment);
  return width;
}

/** The text padded with spaces to so many columns. */
export function padded(text: string, width: number, side: 'left' | 'right'): string {
  const spaces = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return side === 'left' ? `${text}${spaces}` : `${spaces}${text}`;
}

/** The text, or as much of its beginning as fits into so many columns together with the mark. */
export function shortened(text: string, width: number, mark: string): string {
  if (displayWidth(text) <= width) return text;
  let kept = '';
  let room = width - displayWidth(mark);
  for (const { segment } of graphemes.segment(text)) {
    room -= widthOf(segment);
    if (room < 0) break;
    kept += segment;
  }
  return `${kept}${mark}`;
}

function widthOf(grapheme: string): number {
  if (COMBINING.test(grapheme)) return 0;
  return WIDE.test(grapheme) ? 2 : 1;
}
