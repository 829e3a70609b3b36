import { describe, expect, test } from 'vitest';
import { KeyRecord, type VerifiedAt } from '../../../soak/ledger/key-record.ts';

const CHANGED = 1_000_000;
const sent = (sentAt: number, more: Partial<VerifiedAt> = {}): VerifiedAt => ({
  sentAt,
  life: 'api-1#1',
  processes: 1,
  storeWasAway: false,
  ...more,
});

function changed(state: 'disabled' | 'deleted'): KeyRecord {
  const record = new KeyRecord('key_1', 'secret');
  record.beginChange();
  record.changed(state, CHANGED);
  return record;
}

describe('the record of a key', () => {
  test('takes nothing but VALID for a live key', () => {
    const record = new KeyRecord('key_1', 'secret');
    expect(record.judge('VALID', sent(1))).toBeUndefined();
    for (const code of ['NOT_FOUND', 'DISABLED', 'USAGE_EXCEEDED']) {
      expect(record.judge(code, sent(1))).toContain(`key_1 is live since 1 ms and answered ${code}`);
    }
  });

  test('takes an old entry for ten seconds, and once more after them', () => {
    const record = changed('disabled');
    expect(record.judge('DISABLED', sent(CHANGED + 1))).toBeUndefined();
    expect(record.judge('VALID', sent(CHANGED + 9_999))).toBeUndefined();
    expect(record.judge('VALID', sent(CHANGED + 20_000))).toBeUndefined();
    expect(record.judge('VALID', sent(CHANGED + 30_000))).toContain('for the 2th time after the fresh time');
  });

  test('counts requests that meet one refresh once, and each process and life by itself', () => {
    const record = changed('deleted');
    const at = CHANGED + 20_000;
    expect(record.judge('VALID', sent(at))).toBeUndefined();
    expect(record.judge('DISABLED', sent(at + 1_000))).toBeUndefined();
    expect(record.judge('VALID', sent(at + 1_000, { life: 'api-1#2' }))).toBeUndefined();
    expect(record.judge('VALID', sent(at + 5_000, { life: 'api-2#1', processes: 2 }))).toBeUndefined();
    expect(record.judge('VALID', sent(at + 9_000, { life: 'api-2#1', processes: 2 }))).toBeUndefined();
    expect(record.judge('VALID', sent(at + 20_000, { life: 'api-2#1', processes: 2 }))).toBeDefined();
  });

  test('takes old entries as long as they could not be refreshed', () => {
    const record = changed('disabled');
    for (const later of [20_000, 30_000, 40_000]) {
      expect(record.judge('VALID', sent(CHANGED + later, { storeWasAway: true }))).toBeUndefined();
    }
  });

  test('takes no code that the key never had', () => {
    expect(changed('disabled').judge('NOT_FOUND', sent(CHANGED + 1))).toBeDefined();
    expect(changed('deleted').judge('RATE_LIMITED', sent(CHANGED + 1))).toBeDefined();
  });

  test('has another version when a change begins, and when it ends', () => {
    const record = new KeyRecord('key_1', 'secret');
    const versions = [record.version];
    record.beginChange();
    versions.push(record.version);
    expect(record.unsure).toBe(true);
    record.changed('disabled', CHANGED);
    versions.push(record.version);
    expect(new Set(versions).size).toBe(3);
    expect(record.unsure).toBe(false);
  });
});
