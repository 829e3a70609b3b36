import { DatabaseError, DriverError, DuplicateKeyError } from './database.ts';
import { TLS_FALLBACK } from './mysql-pool.ts';

/** Deadlock, lock wait timeout, too many connections, server gone, connection lost. */
const TRANSIENT_ERRNO = new Set([1213, 1205, 1040, 2006, 2013, 1053, 1077, 1927]);

/** Failures of the network or of a connection that is no more. */
const TRANSIENT_CODE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_ENQUEUE_AFTER_FATAL_ERROR',
  TLS_FALLBACK,
]);

/** The connection went away while the server may have been at work. */
const LOST_ERRNO = new Set([2006, 2013, 1053, 1077, 1927]);
const LOST_CODE = new Set(['ECONNRESET', 'ECONNABORTED', 'EPIPE', 'PROTOCOL_CONNECTION_LOST']);

/** Failures that took as long as a request may wait: tried again by the next request, not by this one. */
const TIMED_OUT = new Set(['ETIMEDOUT', 'PROTOCOL_SEQUENCE_TIMEOUT', 'POOL_TIMEOUT']);

/** Server messages that quote names only: access denied, unknown database, table, column, … */
const NAMES_ONLY = new Set([
  1044, 1045, 1049, 1051, 1054, 1091, 1142, 1143, 1146, 1205, 1213, 1406, 1264, 1048, 1364,
]);

const DUPLICATE_ENTRY = 1062;
const DEADLOCK = 1213;

interface DriverFailure {
  readonly message: string;
  readonly code: string;
  readonly errno: number | undefined;
}

/**
 * Turns whatever a MySQL statement threw into one of the store's errors. Messages of the server may quote values of the
 * statement, and Sequelize attaches the whole statement: neither survives.
 * @param quotesValues false for statements without bound values (migrations): their message may be shown in full
 */
export function toMysqlError(
  operation: string,
  thrown: unknown,
  quotesValues = true,
): DatabaseError | DuplicateKeyError {
  const failure = driverFailure(thrown);
  const message = quotesValues ? withoutValues(failure) : failure.message;
  const cause = new DriverError(message, failure.code, failure.errno);
  if (failure.errno === DUPLICATE_ENTRY)
    return new DuplicateKeyError(`${operation}: duplicate key`, { cause });
  const timedOut = TIMED_OUT.has(failure.code);
  const transient = timedOut || isTransient(failure);
  return new DatabaseError(`${operation}: ${message} (${failure.errno ?? failure.code})`, {
    cause,
    transient,
    retry: transient && !timedOut,
    contention: failure.errno === DEADLOCK,
  });
}

/** Whether the failed statement may have taken effect nevertheless. Takes the cause of a DatabaseError. */
export function isOutcomeUnknown(cause: unknown): boolean {
  if (!(cause instanceof DriverError)) return false;
  return LOST_CODE.has(cause.code) || (cause.errno !== undefined && LOST_ERRNO.has(cause.errno));
}

function isTransient(failure: DriverFailure): boolean {
  if (failure.errno !== undefined && TRANSIENT_ERRNO.has(failure.errno)) return true;
  return TRANSIENT_CODE.has(failure.code) || /closed state|connection is closed/i.test(failure.message);
}

/** The driver's own error inside Sequelize's wrapping. */
function driverFailure(thrown: unknown): DriverFailure {
  if (!(thrown instanceof Error)) return { message: 'unknown failure', code: 'UNKNOWN', errno: undefined };
  if (thrown.name === 'SequelizeConnectionAcquireTimeoutError') {
    return { message: 'no connection became free in time', code: 'POOL_TIMEOUT', errno: undefined };
  }
  const parent: unknown = 'parent' in thrown ? thrown.parent : undefined;
  const error = parent instanceof Error ? parent : thrown;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  const errno =
    'errno' in error && typeof error.errno === 'number' && error.errno > 0 ? error.errno : undefined;
  return { message: error.message, code, errno };
}

/** The message with everything between its first and last quote hidden, unless it is known to quote names only. */
function withoutValues({ message, errno }: DriverFailure): string {
  if (errno !== undefined && NAMES_ONLY.has(errno)) return message;
  return message.replace(/['"`][\s\S]*['"`]/, "'…'");
}
