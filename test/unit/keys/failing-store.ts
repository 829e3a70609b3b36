// Stores that fail where a test tells them to, for a workbench to put between its services and the real one.

import { type Database, DatabaseError } from '../../../src/storage/sql/database.ts';
import { interceptTransactions } from '../support/intercept.ts';

/** A store whose next statements of this name within transactions fail with these errors, which it takes from the list. */
export function failing(operation: string, errors: Error[]): (db: Database) => Database {
  return (db) =>
    interceptTransactions(db, {
      beforeStatement(name) {
        const error = name === operation ? errors.shift() : undefined;
        if (error !== undefined) throw error;
      },
      beforeTransaction: () => undefined,
    });
}

/** A store that loses a transaction after all its statements have succeeded, while told so. */
export function losingCommits(isLosing: () => boolean): (db: Database) => Database {
  return (db) => ({
    dialect: db.dialect,
    replica: db.replica,
    primary: db.primary,
    ping: () => db.ping(),
    close: () => db.close(),
    transaction: (work) =>
      db.transaction(async (tx) => {
        const result = await work(tx);
        if (isLosing()) throw new DatabaseError('lost before the commit');
        return result;
      }),
  });
}
