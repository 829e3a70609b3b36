// What can be ranked, and the query that ranks it.
import { type Endpoint, RATELIMITS, VERIFICATIONS } from './endpoints.ts';

export const SUBJECTS = ['keys', 'apis', 'outcomes', 'identifiers'] as const;

export type Subject = (typeof SUBJECTS)[number];

interface Ranking {
  readonly endpoint: Endpoint;
  /** Public table without its unit. */
  readonly table: 'key_verifications' | 'ratelimits';
  readonly id: string;
  /** Sums over rolled-up rows: of all, and of what was refused. */
  readonly total: string;
  readonly refused: string;
}

const VERIFIED = {
  endpoint: VERIFICATIONS,
  table: 'key_verifications',
  total: 'sum(count)',
  refused: "sumIf(count, outcome != 'VALID')",
} as const;

const RANKINGS: Readonly<Record<Subject, Ranking>> = {
  keys: { ...VERIFIED, id: 'key_id' },
  // A row knows the keyspace, of which an API has one.
  apis: { ...VERIFIED, id: 'key_space_id' },
  outcomes: { ...VERIFIED, id: 'outcome' },
  identifiers: {
    endpoint: RATELIMITS,
    table: 'ratelimits',
    id: 'identifier',
    total: 'sum(total)',
    refused: 'sum(total) - sum(passed)',
  },
};

const DAY_SECONDS = 24 * 60 * 60;

/** What holds the rows that the tables of minutes and hours no longer have. */
const UNITS = [
  { unit: 'minute', upToSeconds: DAY_SECONDS, start: 'toStartOfMinute' },
  { unit: 'hour', upToSeconds: 29 * DAY_SECONDS, start: 'toStartOfHour' },
  { unit: 'day', upToSeconds: Number.POSITIVE_INFINITY, start: 'toDate' },
] as const;

export interface RankingQuery {
  readonly endpoint: Endpoint;
  readonly sql: string;
  /** To which the beginning is rounded down. */
  readonly unit: 'minute' | 'hour' | 'day';
}

/** The query for rows `{id, total_count, refused_count}`, the most first, of the last so many seconds. */
export function rankingQuery(subject: Subject, seconds: number, limit: number): RankingQuery {
  const { endpoint, table, id, total, refused } = RANKINGS[subject];
  const { unit, start } = UNITS.find(({ upToSeconds }) => seconds <= upToSeconds) ?? UNITS[2];
  const sql = [
    `SELECT ${id} AS id, ${total} AS total_count, ${refused} AS refused_count`,
    `FROM ${table}_per_${unit}_v1`,
    // By the clock of the database, whatever its zone.
    `WHERE time >= ${start}(now() - INTERVAL ${seconds} SECOND)`,
    `GROUP BY id ORDER BY total_count DESC, id LIMIT ${limit}`,
  ].join(' ');
  return { endpoint, sql, unit };
}
