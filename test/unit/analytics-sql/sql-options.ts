import { faultCode, publicDetail } from '../../../src/lib/fault.ts';
import { type CheckOptions, checkQuery } from '../../../src/services/analytics/sql/check-query.ts';

/** 20 August 2026, noon. */
export const NOW = Date.parse('2026-08-20T12:00:00Z');

export const RAW = 'default.key_verifications_raw_v2';
export const HOUR = 'default.key_verifications_per_hour_v3';

/** The configuration under which the spec states its examples: `kv` and `kvh`, workspace ws_1, 1 000 rows. */
export const OPTIONS: CheckOptions = {
  workspaceId: 'ws_1',
  aliases: new Map([
    ['kv', RAW],
    ['kvh', HOUR],
  ]),
  allowedTables: [RAW, HOUR],
  securityFilters: [],
  rowLimit: 1000,
  retentionDays: 30,
  now: NOW,
};

/** The rewritten SQL, white space taken out. */
export async function rewritten(sql: string, options: Partial<CheckOptions> = {}): Promise<string> {
  return squeezed(await checkQuery(sql, { ...OPTIONS, ...options }));
}

export function squeezed(sql: string): string {
  return sql.replaceAll(/\s+/g, '');
}

export interface Refusal {
  /** The last segment of the error code. */
  readonly code: string;
  readonly detail: string;
}

/** Why `sql` is refused. Fails when it is not. */
export async function refusal(sql: string, options: Partial<CheckOptions> = {}): Promise<Refusal> {
  try {
    const output = await checkQuery(sql, { ...OPTIONS, ...options });
    throw new Error(`expected a refusal, got: ${output}`);
  } catch (error) {
    const code = faultCode(error);
    if (code === undefined) throw error;
    return { code: code.split(':').at(-1) ?? '', detail: publicDetail(error) };
  }
}
