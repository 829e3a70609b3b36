import { randomBytes } from 'node:crypto';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { sha256Base64 } from '../src/lib/hash.ts';

/**
 * Stores `count` more keys in a SQLite file that no server has open, each a copy of the row of the key `template`
 * with an id and a secret of its own.
 *
 * @returns the plaintext of the stored keys.
 */
export async function storeKeys(file: string, template: string, count: number): Promise<string[]> {
  const database = new DatabaseSync(file);
  try {
    const row = database.prepare('SELECT * FROM keys WHERE hash = ?').get(sha256Base64(template));
    if (row === undefined) throw new Error('the template key is not stored under the hash of its plaintext');
    const columns = Object.keys(row).filter((column) => column !== 'pk');
    const insert = database.prepare(
      `INSERT INTO keys (${columns.map((column) => `"${column}"`).join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
    );
    const keys: string[] = [];
    database.exec('BEGIN');
    for (let index = 0; index < count; index++) {
      const key = `bench_${randomBytes(16).toString('hex')}`;
      const own: Record<string, SQLInputValue> = {
        ...row,
        id: `key_bench${index}`,
        hash: sha256Base64(key),
        start: key.slice(0, 10),
      };
      insert.run(...columns.map((column) => own[column] ?? null));
      keys.push(key);
    }
    database.exec('COMMIT');
    return keys;
  } finally {
    database.close();
  }
}
