// Records judged as keys: what is to be sent of each, or why it cannot be.
import type { JsonObject } from '../../lib/json.ts';
import { RowProblem, withValue } from './fields.ts';
import { compileItemRules } from './item-rules.ts';
import { hashOf } from './key-hash.ts';
import type { InputRecord, Place } from './record.ts';

/** A key that may be sent. */
export interface KeyRow extends Place {
  readonly hash: string;
  /** The item of keys.migrateKeys, as JSON. */
  readonly json: string;
}

export interface RowFailure extends Place {
  /** `invalid`: found out here. `refused`: the server's word. `already_there`: a key has this hash. */
  readonly code: 'invalid' | 'refused' | 'already_there';
  /** For people; holds nothing of a key. */
  readonly reason: string;
}

export type Row = KeyRow | RowFailure;

export function isFailure(row: Row): row is RowFailure {
  return 'code' in row;
}

/** Compiles what turns records into rows. */
export function compileRowReader(): (record: InputRecord) => Row {
  const checkItem = compileItemRules();
  return (record) => {
    const { row, line } = record;
    if ('problem' in record) return { row, line, code: 'invalid', reason: record.problem };
    try {
      let members: JsonObject = {};
      for (const [field, value] of record.cells) {
        members = withValue(members, field.path, field.read(value));
      }
      const { key, hash: given, sha256Hex, ...settings } = members;
      const hash = hashOf({ key, hash: given, sha256Hex });
      const item = { hash, ...settings };
      checkItem(item);
      return { row, line, hash, json: JSON.stringify(item) };
    } catch (error) {
      if (!(error instanceof RowProblem)) throw error;
      return { row, line, code: 'invalid', reason: error.message };
    }
  };
}
