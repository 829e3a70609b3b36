import { CliError, usageError } from './cli-error.ts';
import { EXIT } from './exit-codes.ts';
import type { CliIo } from './io.ts';

/**
 * Asks before something that cannot be undone. `yes` (the --yes flag) answers it. Without a terminal there is nobody to
 * ask, so that is a usage error naming the flag, never a wait (G-7).
 *
 * @throws CliError exit 1 with `refusal` when the answer is no, exit 2 when nobody can be asked.
 */
export async function confirm(io: CliIo, question: string, yes: boolean, refusal: string): Promise<void> {
  if (yes) return;
  if (!io.stdin.isTTY) throw usageError(`${question} There is no terminal to ask on; pass --yes to confirm`);
  io.stderr.write(`${question} [y/N] `);
  const answer = (await io.stdin.readLine()).trim().toLowerCase();
  if (answer === 'y' || answer === 'yes') return;
  throw new CliError({ exitCode: EXIT.failed, code: 'declined', title: 'declined', detail: refusal });
}
