import { describe, expect, test } from 'vitest';
import { DatabaseError, DuplicateKeyError } from '../../../src/storage/sql/database.ts';
import { isOutcomeUnknown, toMysqlError } from '../../../src/storage/sql/mysql-errors.ts';

/** What Sequelize throws: its own error around the driver's, with the statement attached to both. */
function thrown(code: string, errno: number | undefined, message: string): Error {
  const statement = { sql: "INSERT INTO t VALUES ('sesame')", parameters: ['sesame'] };
  const parent = Object.assign(new Error(message), { code, errno }, statement);
  return Object.assign(
    new Error(message),
    { name: 'SequelizeDatabaseError', parent, original: parent },
    statement,
  );
}

describe('toMysqlError', () => {
  test.each([
    ['ER_LOCK_DEADLOCK', 1213],
    ['ER_LOCK_WAIT_TIMEOUT', 1205],
    ['ER_CON_COUNT_ERROR', 1040],
    ['CR_SERVER_GONE_ERROR', 2006],
    ['CR_SERVER_LOST', 2013],
    ['ECONNREFUSED', undefined],
    ['PROTOCOL_CONNECTION_LOST', undefined],
  ])('%s passes and is tried again', (code, errno) => {
    expect(toMysqlError('op', thrown(code, errno, 'm'))).toMatchObject({ transient: true, retry: true });
  });

  test('a timeout passes but is not waited for twice', () => {
    expect(toMysqlError('op', thrown('ETIMEDOUT', undefined, 'm'))).toMatchObject({
      transient: true,
      retry: false,
    });
  });

  test.each([
    ['ER_ACCESS_DENIED_ERROR', 1045],
    ['ER_BAD_DB_ERROR', 1049],
    ['ER_NO_SUCH_TABLE', 1146],
  ])('%s stays', (code, errno) => {
    expect(toMysqlError('op', thrown(code, errno, 'm'))).toMatchObject({ transient: false, retry: false });
  });

  test('a duplicate key is an error of its own', () => {
    const error = toMysqlError('op', thrown('ER_DUP_ENTRY', 1062, "Duplicate entry 'sesame' for key 't.u'"));
    expect(error).toBeInstanceOf(DuplicateKeyError);
    expect(JSON.stringify([error.message, error.cause])).not.toContain('sesame');
  });

  test.each([
    ["You have an error in your SQL syntax near ''sesame' WHERE'' at line 1", 1064],
    ["Incorrect string value: 'sesame' for column `t`.`a` at row 1", 1366],
    ["Truncated incorrect DOUBLE value: 'it's sesame'", 1292],
  ])('hides what %j quotes', (message, errno) => {
    const error = toMysqlError('op', thrown('ER_X', errno, message));
    expect(error).toBeInstanceOf(DatabaseError);
    expect(`${error.message} ${String(error.cause)} ${JSON.stringify(error.cause)}`).not.toContain('sesame');
  });

  test('keeps the names in a message about a missing table', () => {
    const error = toMysqlError('op', thrown('ER_NO_SUCH_TABLE', 1146, "Table 'unkey.keys' doesn't exist"));
    expect(error.message).toContain("'unkey.keys'");
  });
});

test('only a connection lost at work leaves the outcome unknown', () => {
  const unknown = (code: string, errno?: number) =>
    isOutcomeUnknown(toMysqlError('op', thrown(code, errno, 'm')).cause);
  expect(unknown('PROTOCOL_CONNECTION_LOST')).toBe(true);
  expect(unknown('CR_SERVER_LOST', 2013)).toBe(true);
  expect(unknown('ECONNREFUSED')).toBe(false);
  expect(unknown('ER_LOCK_DEADLOCK', 1213)).toBe(false);
});
