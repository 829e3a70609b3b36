import type { SqlParams, Transaction } from '../../src/storage/sql/database.ts';

export interface Asked {
  readonly operation: string;
  readonly sql: string;
  readonly params: SqlParams;
}

/** Runs a statement in its turn, or something around it or instead of it. */
export type Around = <Result>(asked: Asked, run: () => Promise<Result>) => Promise<Result>;

/**
 * Does work on a transaction with something around each of its statements. Deferred ones run one by one, in their turn, the
 * last of them at the end of the work.
 */
export async function watchStatements<T>(
  tx: Transaction,
  around: Around,
  work: (watched: Transaction) => Promise<T>,
): Promise<T> {
  let deferred: Promise<unknown> = Promise.resolve();
  const run = (operation: string, sql: string, params: SqlParams = {}) =>
    around({ operation, sql, params }, () => tx.run(operation, sql, params));
  const watched: Transaction = {
    dialect: tx.dialect,
    transaction: true,
    async all(operation, sql, params = {}) {
      await deferred;
      return around({ operation, sql, params }, () => tx.all(operation, sql, params));
    },
    async run(...asked) {
      await deferred;
      return run(...asked);
    },
    defer(...asked) {
      deferred = deferred.then(() => run(...asked));
      deferred.catch(() => undefined);
    },
    together: (reads) => reads(watched),
  };
  const result = await work(watched);
  await deferred;
  return result;
}
