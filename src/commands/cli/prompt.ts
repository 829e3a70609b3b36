import { usageError } from './cli-error.ts';
import type { CliIo } from './io.ts';

/**
 * Asks before something that cannot be undone. `yes` (the --yes flag) answers it. Without a terminal there is nobody to
 * ask, so that is a usage error naming the flag, never a wait (G-7).
 *
 * @returns whether to go on.
 */
export async function confirm(io: CliIo, question: string, yes: boolean): Promise<boolean> {
  if (yes) return true;
  if (!io.stdin.isTTY) throw usageError(`${question} There is no terminal to ask on; pass --yes to confirm`);
  io.stderr.write(`${question} [y/N] `);
  const answer = (await io.stdin.readLine()).trim().toLowerCase();
  return answer === 'y' || answer === 'yes';
}
