import type { Logger } from '../../lib/logger.ts';
import type { Metrics } from '../../lib/metrics.ts';
import type { MigratableDatabase } from './database.ts';
import { DsnError, parseDsn } from './dsn.ts';
import type { StatementObserver } from './instrumentation.ts';
import { createMysqlDatabase } from './mysql.ts';
import { createSqliteDatabase } from './sqlite.ts';
import type { StatementTags } from './statement-comment.ts';

export type { StatementInfo, StatementObserver } from './instrumentation.ts';

export interface OpenDatabaseOptions {
  /** A Go-style MySQL DSN, `mysql://…`, `sqlite:<path>` or `sqlite::memory:`. */
  readonly primary: string;
  /** A MySQL address for reads outside transactions; SQLite has none and reads from the primary. */
  readonly readonlyReplica?: string | undefined;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly tags: StatementTags;
  /** Told of every statement before it runs: tests count statements with it. */
  readonly onStatement?: StatementObserver | undefined;
}

/**
 * The relational store behind an address. Makes no connection: `ping()` or the first statement does. Parameters of the
 * address that mean nothing here are warned about.
 * @throws DsnError when an address cannot be read; the message quotes nothing of it
 */
export function openDatabase(options: OpenDatabaseOptions): MigratableDatabase {
  const { metrics, log, tags, onStatement } = options;
  const primary = readAddress(options.primary, log);
  const replica =
    options.readonlyReplica === undefined ? undefined : readAddress(options.readonlyReplica, log);
  if (replica !== undefined && replica.dialect !== primary.dialect) {
    throw new DsnError('the read replica is of another kind than the primary database');
  }
  if (primary.dialect === 'sqlite') {
    return createSqliteDatabase({ path: primary.path, metrics, onStatement });
  }
  return createMysqlDatabase({
    primary,
    replica: replica?.dialect === 'mysql' ? replica : undefined,
    metrics,
    tags,
    onStatement,
  });
}

function readAddress(text: string, log: Logger) {
  const { address, warnings } = parseDsn(text);
  for (const warning of warnings) log.warn({}, warning);
  return address;
}
