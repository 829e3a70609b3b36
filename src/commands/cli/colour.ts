import { styleText } from 'node:util';
import type { CliIo, TextSink } from './io.ts';

export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
}

/**
 * Whether `sink` gets colour: only a terminal, and not under NO_COLOR or TERM=dumb. FORCE_COLOR switches it on, and
 * `--no-color` off, over everything else. Source: the operations chapter, G-5.
 */
export function wantsColour(sink: TextSink, env: CliIo['env'], noColourFlag: boolean): boolean {
  if (noColourFlag) return false;
  const force = env.FORCE_COLOR;
  if (force !== undefined && force !== '' && force !== '0' && force !== 'false') return true;
  return sink.isTTY && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
}

/** Functions that colour a text, or hand it back as it is. */
export function createStyle(colour: boolean): Style {
  const painter = (format: 'bold' | 'dim' | 'red' | 'green' | 'yellow') => (text: string) =>
    colour ? styleText(format, text, { validateStream: false }) : text;
  return {
    bold: painter('bold'),
    dim: painter('dim'),
    red: painter('red'),
    green: painter('green'),
    yellow: painter('yellow'),
  };
}
