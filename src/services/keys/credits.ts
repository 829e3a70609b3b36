// Rules of a key's credits: what creating and updating a key does to its three columns. Source: the createKey,
// updateKey and updateCredits sections of the key chapters.

import { type Integer, toInteger } from '../../lib/json.ts';
import { invalidInput } from '../input-fault.ts';

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

/** A change of the balance. To set no value is to make the key unlimited. */
export interface CreditChange {
  readonly operation: 'set' | 'increment' | 'decrement';
  readonly value?: number | null;
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

/**
 * The columns after a change of the balance. An unlimited key has no refill, which would limit it again. Throws a Fault
 * `invalid_input` for an increment or decrement without a value or of an unlimited key, and for a balance beyond 2^53 − 1.
 */
export function changedCredits(current: CreditColumns, { operation, value }: CreditChange): CreditColumns {
  const given = value !== undefined && value !== null;
  if (operation === 'set') return given ? { ...current, remaining: value } : UNLIMITED;
  if (!given) throw invalidInput(`\`value\` is required to ${operation} credits.`);
  if (current.remaining === null) {
    throw invalidInput(`The key has unlimited credits. Set them to a number before you ${operation} them.`);
  }
  const balance = BigInt(current.remaining);
  return {
    ...current,
    remaining: operation === 'increment' ? increased(balance, value) : decreased(balance, value),
  };
}

function increased(balance: bigint, by: number): Integer {
  const sum = balance + BigInt(by);
  if (sum > Number.MAX_SAFE_INTEGER) {
    throw invalidInput(`The credits of a key cannot exceed ${Number.MAX_SAFE_INTEGER}.`);
  }
  return toInteger(sum);
}

function decreased(balance: bigint, by: number): Integer {
  const rest = balance - BigInt(by);
  return toInteger(rest > 0n ? rest : 0n);
}

function monthlyDay(refill: RefillSetting): number {
  if (refill.refillDay === undefined) {
    throw invalidInput('`credits.refill.refillDay` is required for a monthly refill.');
  }
  return refill.refillDay;
}
