// Text that a flag names instead of holding it: `@file`, or `-` for stdin.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseJsonBody } from '../../../server/validation/json-body.ts';
import { usageError } from '../../cli/cli-error.ts';
import type { CliIo } from '../../cli/io.ts';

/** The same outside world, whose stdin may be read to its end by one flag only. @throws CliError exit 2 at the second */
export function withStdinOnce(io: CliIo): CliIo {
  let taken = false;
  const readAll = async () => {
    if (taken) throw usageError("only one flag can read stdin ('-')");
    taken = true;
    return io.stdin.readAll();
  };
  return { ...io, stdin: { ...io.stdin, readAll } };
}

/**
 * The JSON value that a flag gives: inline, `@file`, or `-`.
 *
 * @throws CliError exit 2 when the file cannot be read, or with the position when the text is not JSON. It quotes none of
 *   the text, which may hold keys.
 */
export async function readJson(io: CliIo, flag: string, value: string): Promise<unknown> {
  const text = await readText(io, flag, value);
  try {
    return parseJsonBody(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw usageError(`--${flag} is not valid JSON: ${located(error.message, text)}`);
  }
}

async function readText(io: CliIo, flag: string, value: string): Promise<string> {
  if (value === '-') return io.stdin.readAll();
  if (!value.startsWith('@')) return value;
  const path = value.slice(1);
  try {
    return await readFile(resolve(io.cwd, path), 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw usageError(`--${flag}: cannot read ${path} (${reason})`);
  }
}

/** V8 tells the position of most mistakes, but not of an unexpected token nor of a missing end. */
function located(complaint: string, text: string): string {
  if (/ at position \d/.test(complaint)) return complaint;
  const at = complaint.startsWith('Unexpected token') ? firstBadToken(text) : text.length;
  const lines = text.slice(0, at).split('\n');
  return `${complaint} at position ${at} (line ${lines.length} column ${(lines.at(-1) ?? '').length + 1})`;
}

/** Every prefix that holds the bad token is refused because of it, no shorter one is: a binary search finds its index. */
function firstBadToken(text: string): number {
  let [good, bad] = [0, text.length];
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (holdsBadToken(text.slice(0, middle))) bad = middle;
    else good = middle;
  }
  return bad - 1;
}

function holdsBadToken(prefix: string): boolean {
  try {
    JSON.parse(prefix);
    return false;
  } catch (error) {
    return error instanceof SyntaxError && error.message.startsWith('Unexpected token');
  }
}
