// The credits of one key as its managers change them: balance and refill. Spending is in credits.ts.

import type { Integer } from '../../../lib/json.ts';
import type { Queryable, Transaction } from '../database.ts';
import { forUpdate } from '../dialect.ts';

export interface KeyCreditsRow {
  /** null = unlimited. */
  readonly remaining: number | string | null;
  readonly refillAmount: number | string | null;
  readonly refillDay: number | null;
}

/** The credits of a key that is not deleted, which nobody else changes until the transaction ends; or undefined. */
export async function lockKeyCredits(tx: Transaction, keyId: string): Promise<KeyCreditsRow | undefined> {
  const rows = await tx.all<KeyCreditsRow>(
    'lockKeyCredits',
    `SELECT remaining_requests AS remaining, refill_amount AS refillAmount, refill_day AS refillDay
       FROM \`keys\` WHERE id = :keyId AND deleted_at_m IS NULL${forUpdate(tx)}`,
    { keyId },
  );
  return rows[0];
}

/** Sets the credits of a key and nothing else: its time of change stays. */
export async function setKeyCredits(
  q: Queryable,
  keyId: string,
  credits: {
    readonly remaining: Integer | null;
    readonly refillAmount: Integer | null;
    readonly refillDay: number | null;
  },
): Promise<void> {
  await q.run(
    'setKeyCredits',
    `UPDATE \`keys\`
        SET remaining_requests = :remaining, refill_amount = :refillAmount, refill_day = :refillDay
      WHERE id = :keyId`,
    { keyId, ...credits },
  );
}
