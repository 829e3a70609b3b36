// The soak's own account of everything that the product has acknowledged.
import type { Random } from '../../test/support/prng.ts';
import { AnswerCounts } from './answer-counts.ts';
import type { CreditAccount } from './credit-account.ts';
import type { KeyRecord } from './key-record.ts';
import { LimitBook } from './limit-book.ts';
import { NamedRecords } from './named-records.ts';

/** A key that the Vault can give back. */
export interface RecoverableKey {
  readonly keyId: string;
  readonly key: string;
}

export class Ledger {
  readonly keys: KeyRecord[] = [];
  readonly credits: CreditAccount[] = [];
  readonly recoverable: RecoverableKey[] = [];
  readonly limits = new LimitBook();
  readonly identities = new NamedRecords();
  readonly roles = new NamedRecords();
  readonly answers = new AnswerCounts();

  /** One of the keys that may be verified or changed now; of `among` the youngest, as old ones rest. */
  pickKey(random: Random, among: number): KeyRecord | undefined {
    const from = Math.max(0, this.keys.length - among);
    for (let attempt = 0; attempt < 10 && this.keys.length > 0; attempt++) {
      const record = this.keys[random.integer(from, this.keys.length - 1)];
      if (record !== undefined && !record.unsure) return record;
    }
    return undefined;
  }
}
