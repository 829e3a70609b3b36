// Rules of a key's credits: what creating and updating a key does to its three columns. Source: the createKey and
// updateKey sections of the key chapters.

import type { Integer } from '../../lib/json.ts';
import { invalidInput } from './key-faults.ts';

export interface RefillSetting {
  readonly interval: 'daily' | 'monthly';
  readonly amount: number;
  /** 1–31, for monthly refills. */
  readonly refillDay?: number;
}

export interface CreditsSetting {
  /** null = unlimited. */
  readonly remaining: number | null;
  readonly refill?: RefillSetting;
}

/** What is left out stays, null clears. */
export interface CreditsPatch {
  readonly remaining?: number | null;
  readonly refill?: RefillSetting | null;
}

/** The credit columns of a key; `refillDay` null with an amount = daily. */
export interface CreditColumns {
  readonly remaining: Integer | null;
  readonly refillAmount: Integer | null;
  readonly refillDay: number | null;
}

export const UNLIMITED: CreditColumns = { remaining: null, refillAmount: null, refillDay: null };

/**
 * Columns of a new key. A daily refill ignores `refillDay`. Throws a Fault `invalid_input` for a refill without a
 * balance, and for a monthly one without its day.
 */
export function creditsOfNewKey(credits: CreditsSetting | undefined): CreditColumns {
  if (credits === undefined) return UNLIMITED;
  const { remaining, refill } = credits;
  if (refill === undefined) return { ...UNLIMITED, remaining };
  if (remaining === null) {
    throw invalidInput('`credits.remaining` must be a number when `credits.refill` is given.');
  }
  const refillDay = refill.interval === 'monthly' ? monthlyDay(refill) : null;
  return { remaining, refillAmount: refill.amount, refillDay };
}

/**
 * The columns that a patch changes. `remaining: null` clears all three before the refill is looked at, so both together
 * leave an unlimited key with a stored refill. Throws a Fault `invalid_input` for a monthly refill without its day and
 * for a daily one with a day.
 */
export function patchedCredits(patch: CreditsPatch | null): Partial<CreditColumns> {
  if (patch === null) return UNLIMITED;
  const balance: Partial<CreditColumns> =
    patch.remaining === undefined
      ? {}
      : patch.remaining === null
        ? UNLIMITED
        : { remaining: patch.remaining };
  return { ...balance, ...patchedRefill(patch.refill) };
}

function patchedRefill(refill: RefillSetting | null | undefined): Partial<CreditColumns> {
  if (refill === undefined) return {};
  if (refill === null) return { refillAmount: null, refillDay: null };
  if (refill.interval === 'monthly') return { refillAmount: refill.amount, refillDay: monthlyDay(refill) };
  if (refill.refillDay !== undefined) {
    throw invalidInput('`credits.refill.refillDay` is only for monthly refills.');
  }
  return { refillAmount: refill.amount, refillDay: null };
}

function monthlyDay(refill: RefillSetting): number {
  if (refill.refillDay === undefined) {
    throw invalidInput('`credits.refill.refillDay` is required for a monthly refill.');
  }
  return refill.refillDay;
}
