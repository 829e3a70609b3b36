// Statements on their way to a MySQL server: several may share one exchange, each is counted, timed and traced as itself.
import mysql2, { type QueryResult, type ResultSetHeader } from 'mysql2';
import type { Queryable, SqlParams, SqlValue } from './database.ts';
import type { Instrumentation, StatementInfo, StatementTarget } from './instrumentation.ts';
import { toMysqlError } from './mysql-errors.ts';
import { fillPlaceholders } from './statement.ts';
import type { StatementComment } from './statement-comment.ts';

/** A statement that is ready to be sent. */
export interface Outgoing {
  readonly step: 'query' | 'exec';
  readonly info: StatementInfo;
  /** With its values and its comment. */
  readonly text: string;
  /** Whether the text holds values, which no error may tell. */
  readonly hasValues: boolean;
}

/** Takes the texts of statements to the server. Rejects with what the driver threw. */
export type Carry = (texts: readonly string[]) => Promise<readonly QueryResult[]>;

export interface Exchanges {
  /** @throws Error when a placeholder has no value */
  prepare(
    step: Outgoing['step'],
    target: StatementTarget,
    operation: string,
    sql: string,
    params?: SqlParams,
  ): Outgoing;
  /** Sends statements and yields the result of each. Rejects with a DatabaseError or DuplicateKeyError. */
  send(statements: readonly Outgoing[], carry: Carry): Promise<readonly QueryResult[]>;
}

export function createExchanges(instrumentation: Instrumentation, comment: StatementComment): Exchanges {
  return {
    prepare: (step, target, operation, sql, params = {}) => ({
      step,
      info: { operation, sql, target },
      text:
        fillPlaceholders('mysql', sql, params, toLiteral) +
        comment(operation, target === 'replica' ? 'ro' : 'rw'),
      hasValues: Object.keys(params).length > 0,
    }),

    async send(statements, carry) {
      let carried: Promise<readonly QueryResult[]> | undefined;
      const carryOnce = () => (carried ??= translated(statements, carry));
      return Promise.all(
        statements.map(({ step, info }, index) =>
          instrumentation.statement(step, info, async () => (await carryOnce())[index] as QueryResult),
        ),
      );
    },
  };
}

async function translated(statements: readonly Outgoing[], carry: Carry): Promise<readonly QueryResult[]> {
  try {
    return await carry(statements.map(({ text }) => text));
  } catch (error) {
    // The server does not tell which statement of an exchange failed.
    const names = statements.map(({ info }) => info.operation).join(' + ');
    throw toMysqlError(
      names,
      error,
      statements.some(({ hasValues }) => hasValues),
    );
  }
}

export function rowsOf<Row extends object>(result: QueryResult | undefined): Row[] {
  return result as Row[];
}

export function affectedBy(result: QueryResult | undefined): { affectedRows: number } {
  const { affectedRows } = result as ResultSetHeader;
  return { affectedRows };
}

interface Waiting {
  readonly read: Outgoing;
  readonly resolve: (result: QueryResult | undefined) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * A view of `q` whose reads go together when they are asked for in one go.
 * @param prepare makes a read ready
 * @param send sends reads, and yields the result of each
 */
export function gathering(
  q: Pick<Queryable, 'run'>,
  prepare: (operation: string, sql: string, params?: SqlParams) => Outgoing,
  send: (reads: readonly Outgoing[]) => Promise<readonly QueryResult[]>,
): Queryable {
  let waiting: Waiting[] = [];
  const sendAll = (): void => {
    const gathered = waiting;
    waiting = [];
    send(gathered.map(({ read }) => read)).then(
      (results) => {
        for (const [index, { resolve }] of gathered.entries()) resolve(results[index]);
      },
      (error: unknown) => {
        for (const { reject } of gathered) reject(error);
      },
    );
  };
  const gatherer: Queryable = {
    dialect: 'mysql',
    all: async <Row extends object>(operation: string, sql: string, params?: SqlParams) => {
      const read = prepare(operation, sql, params);
      return rowsOf<Row>(
        await new Promise<QueryResult | undefined>((resolve, reject) => {
          // After everything that is asked for in this go.
          if (waiting.length === 0) queueMicrotask(sendAll);
          waiting.push({ read, resolve, reject });
        }),
      );
    },
    run: (operation, sql, params) => q.run(operation, sql, params),
    together: (work) => work(gatherer),
  };
  return gatherer;
}

function toLiteral(value: SqlValue): string {
  if (value === null) return 'NULL';
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new Error('a number to bind is not finite');
    return String(value);
  }
  if (typeof value === 'string') return mysql2.escape(value);
  return `x'${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}'`;
}
