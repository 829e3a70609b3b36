import type { Database, Transaction } from '../../../src/storage/sql/database.ts';
import { watchStatements } from '../../support/watched-transaction.ts';

export interface Interception {
  /** Runs before each statement of a transaction, with its name; what it throws is what the statement fails with. */
  beforeStatement(operation: string, tx: Transaction): Promise<void> | void;
  /** Runs before each transaction. */
  beforeTransaction(): Promise<void> | void;
}

/** The store, with something happening between the statements of its transactions. */
export function interceptTransactions(db: Database, interception: Interception): Database {
  return {
    dialect: db.dialect,
    replica: db.replica,
    primary: db.primary,
    ping: () => db.ping(),
    close: () => db.close(),
    async transaction(work) {
      await interception.beforeTransaction();
      return db.transaction((tx) =>
        watchStatements(
          tx,
          async ({ operation }, run) => {
            await interception.beforeStatement(operation, tx);
            return run();
          },
          work,
        ),
      );
    },
  };
}
