import { compareBytes } from '../lib/byte-order.ts';
import { DuplicateKeyError } from '../storage/sql/database.ts';

/** Rows of one kind that a text names, at most one each. */
export interface NamedRows<Row> {
  /** Texts that are equal under it mean one row. */
  fold(text: string): string;
  textOf(row: Row): string;
  find(texts: readonly string[]): Promise<readonly Row[]>;
  /** Makes the rows of those texts that have none. */
  insertOrKeep(texts: readonly string[]): Promise<void>;
  /** Finds them with a locking read, which sees the latest commit. */
  lock(texts: readonly string[]): Promise<readonly Row[]>;
}

/**
 * The rows that these texts name, by folded text, the missing ones made; others may be among them. Concurrent callers
 * agree on one row per text. Run it in a transaction. Throws a DuplicateKeyError when the id of a new row is taken.
 */
export async function ensureRows<Row>(
  texts: Iterable<string>,
  rows: NamedRows<Row>,
): Promise<ReadonlyMap<string, Row>> {
  const ensured = new Map<string, Row>();
  const note = (found: readonly Row[]): void => {
    for (const row of found) ensured.set(rows.fold(rows.textOf(row)), row);
  };
  const missing = (of: readonly string[]): string[] => of.filter((text) => !ensured.has(rows.fold(text)));

  const wanted = distinct(texts, rows);
  note(await rows.find(wanted));
  const absent = missing(wanted);
  if (absent.length === 0) return ensured;
  await rows.insertOrKeep(absent);
  note(await rows.lock(absent));
  // Kept without being found by its own spelling: the column takes it for another one (accents, letter case beyond ASCII).
  for (const text of missing(absent)) {
    const [row] = await rows.lock([text]);
    if (row === undefined) throw new DuplicateKeyError('the id of a new row is taken');
    ensured.set(rows.fold(text), row);
  }
  return ensured;
}

/** One text for each fold, the first of its spellings, sorted, so that concurrent callers take their locks in one order. */
function distinct<Row>(texts: Iterable<string>, { fold }: NamedRows<Row>): string[] {
  const byFold = new Map<string, string>();
  for (const text of texts) {
    const folded = fold(text);
    if (!byFold.has(folded)) byFold.set(folded, text);
  }
  return [...byFold.values()].sort(compareBytes);
}
