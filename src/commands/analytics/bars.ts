// Horizontal bars for a terminal.
import type { CliIo } from '../cli/io.ts';

/** From an eighth of a column to seven. */
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** Whether the locale of the environment shows more than ASCII. Source: POSIX, environment variables of locales. */
export function showsUnicode({ LC_ALL, LC_CTYPE, LANG }: CliIo['env']): boolean {
  return /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '');
}

/** A bar of `share` (0 to 1) of so many columns; whatever is not nothing can be seen. */
export function bar(share: number, columns: number, unicode: boolean): string {
  if (share <= 0) return '';
  if (!unicode) return '#'.repeat(Math.max(1, Math.round(share * columns)));
  const eighths = Math.max(1, Math.round(share * columns * 8));
  return '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '');
}
