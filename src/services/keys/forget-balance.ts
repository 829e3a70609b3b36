import type { Logger } from '../../lib/logger.ts';
import type { UsageLimiter } from '../usage/usage-limiter.ts';

/**
 * Makes verification read the balance of a key anew, after a change to it was committed. A counter store that does not
 * answer must not turn that into a failure: it is logged, and the old balance lives on until it expires.
 */
export async function forgetBalance(
  { usage, log }: { readonly usage: UsageLimiter; readonly log: Logger },
  keyId: string,
): Promise<void> {
  try {
    await usage.invalidate(keyId);
  } catch (error) {
    log.error({ err: error, keyId }, 'the live balance of a key could not be dropped');
  }
}
