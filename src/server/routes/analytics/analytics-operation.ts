import type { SecurityFilter } from '../../../services/analytics/analytics-service.ts';
import type { TableAliases } from '../../../services/analytics/public-tables.ts';
import { queryTooLarge } from '../../../services/analytics/reading/analytics-faults.ts';
import { bearerOperation, type Operation, type OperationContext } from '../../operation.ts';
import { analyticsQuery, analyticsRows } from '../../schemas/analytics.ts';

export interface AnalyticsBody {
  readonly query: string;
}

export interface AnalyticsDeclaration
  extends Pick<Operation<AnalyticsBody, 'bearer'>, 'name' | 'summary' | 'permissions'> {
  /** What the rows are about, in Markdown; what holds for every query is added. */
  readonly about: readonly string[];
  readonly tables: TableAliases;
  readonly examples: { readonly query: string; readonly rows: readonly Readonly<Record<string, unknown>>[] };
  /**
   * Lets callers pass who may read analytics of this kind, and says what they may see of them.
   * @throws Fault `insufficient_permissions`
   */
  authorize(context: OperationContext): Promise<readonly SecurityFilter[]>;
}

/** Bytes of a whole answer, as on the server. */
const MAX_BODY_BYTES = 4_194_304;

const FOR_EVERY_QUERY = [
  'One SELECT in the SQL of ClickHouse. Conditions on the workspace are added to whatever it reads, and every SELECT in it gets a `LIMIT`; `SETTINGS`, table functions, other tables and functions outside the documented list are refused.',
  '',
  'The answer has one object a row, by column name. Integers are exact, also beyond 2^53; times are RFC 3339. A query runs for 10 seconds at most, and an answer may have 4 MiB.',
];

/** Declares one of the analytics queries; what they share is written here. */
export function analyticsOperation(declaration: AnalyticsDeclaration): Operation<AnalyticsBody, 'bearer'> {
  const { name, summary, permissions, about, tables, examples } = declaration;
  return bearerOperation<AnalyticsBody>({
    name,
    summary,
    description: [
      ...about,
      '',
      `Tables: ${[...tables.keys()].map((table) => `\`${table}\``).join(', ')}.`,
      '',
      ...FOR_EVERY_QUERY,
    ].join('\n'),
    permissions,
    request: analyticsQuery(examples.query),
    response: analyticsRows(),
    errors: [
      'user:bad_request:invalid_analytics_query',
      'user:bad_request:invalid_analytics_table',
      'user:bad_request:invalid_analytics_function',
      'user:bad_request:invalid_analytics_query_type',
      'user:bad_request:query_range_exceeds_retention',
      'user:unprocessable_entity:query_execution_timeout',
      'user:unprocessable_entity:query_memory_limit_exceeded',
      'user:unprocessable_entity:query_rows_limit_exceeded',
      'user:too_many_requests:query_quota_exceeded',
      'unkey:data:analytics_not_configured',
      'unkey:data:analytics_connection_failed',
    ],
    examples: { request: { query: examples.query }, response: examples.rows },

    async handle(context, body) {
      const filters = await declaration.authorize(context);
      const { principal, services, signal } = context;
      const rows = await services.analytics.query({
        workspaceId: principal.workspaceId,
        sql: body.query,
        tables,
        filters,
        signal,
      });
      return { data: rows };
    },

    checkBody(body) {
      const bytes = Buffer.byteLength(body);
      if (bytes > MAX_BODY_BYTES) throw queryTooLarge(`the answer has ${bytes} bytes`);
    },
  });
}
