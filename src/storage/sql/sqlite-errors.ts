import { DatabaseError, DriverError, DuplicateKeyError } from './database.ts';

const DUPLICATE = new Set([
  'SQLITE_CONSTRAINT_UNIQUE',
  'SQLITE_CONSTRAINT_PRIMARYKEY',
  'SQLITE_CONSTRAINT_ROWID',
]);

/**
 * Turns whatever an SQLite statement threw into one of the store's errors. SQLite's messages name columns and quote the
 * statement's own text, never a bound value; Sequelize's attachments (statement, parameters) are dropped.
 */
export function toSqliteError(operation: string, thrown: unknown): DatabaseError | DuplicateKeyError {
  const error = driverError(thrown);
  const code =
    error !== undefined && 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN';
  const message = error?.message ?? 'unknown failure';
  const cause = new DriverError(message, code);
  if (DUPLICATE.has(code)) return new DuplicateKeyError(`${operation}: duplicate key`, { cause });
  const transient = code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED');
  return new DatabaseError(`${operation}: ${message}`, { cause, transient });
}

/** The driver's own error inside Sequelize's wrapping. */
function driverError(thrown: unknown): Error | undefined {
  if (!(thrown instanceof Error)) return undefined;
  const parent: unknown = 'parent' in thrown ? thrown.parent : undefined;
  return parent instanceof Error ? parent : thrown;
}
