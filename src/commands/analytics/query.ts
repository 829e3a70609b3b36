import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { stringifyJson } from '../../lib/json.ts';
import { usageError } from '../cli/cli-error.ts';
import type { CliContext, Invocation } from '../cli/context.ts';
import { annotate } from '../cli/notes.ts';
import { addSourceOptions, withSource } from './choose-source.ts';
import { rowsAsCsv, rowsAsTable } from './rows.ts';
import type { SourceFlags } from './source.ts';

type QueryFlags = SourceFlags & { readonly file?: string };
type QueryArguments = [sql: string | undefined];

export function registerQuery(group: Command, cli: CliContext): void {
  const command = annotate(
    group
      .command('query')
      .description('run one SELECT over verifications, rate limits, gateway requests or runtime logs')
      .argument('[sql]', 'the query, or - to read it from stdin')
      .option('--file <path>', 'read the query from a file'),
    {
      remarks:
        'The table in FROM decides what is asked. Tables, columns and useful queries: docs/analytics.md. Rows become visible seconds after what they tell of. With --workspace the checks are the same, and the whole workspace is seen; a root key sees what its permissions say.',
      outputs: ['table', 'json', 'csv'],
      examples: [
        [
          'unkey analytics query "SELECT outcome, count() AS total FROM key_verifications_v1 GROUP BY outcome"',
          'what became of verifications',
        ],
        [
          'unkey analytics query --output csv "SELECT time, identifier, total, passed FROM ratelimits_per_hour_v1" > limits.csv',
          'for a spreadsheet',
        ],
        ['echo "SELECT count() AS n FROM key_verifications_v1" | unkey analytics query -', 'from stdin'],
        [
          'unkey analytics query --workspace local --json "SELECT key_id, time FROM key_verifications_v1 ORDER BY time DESC LIMIT 10"',
          'as operator, without a root key',
        ],
      ],
      exitCodes: [
        ['1', 'the query is refused: its text, its time or its size'],
        ['4', 'no root key, or one without the permission that the table needs'],
        ['5', 'no such workspace'],
        ['6', 'the workspace is not provisioned, or another process has the data of the embedded engine'],
        ['7', "the workspace's quota of queries is used up"],
        ['8', 'the server, the database or ClickHouse does not answer'],
      ],
    },
  );
  addSourceOptions(command);
  command.action(cli.action<QueryFlags, QueryArguments>(query));
}

async function query(invocation: Invocation<QueryFlags, QueryArguments>): Promise<void> {
  const { output } = invocation;
  const sql = await textOfQuery(invocation);
  const { endpointOf } = await import('./endpoints.ts');
  const rows = await withSource(invocation, (source) => source.query(endpointOf(sql), sql));
  switch (output.format) {
    case 'json':
      // Integers beyond 2^53 are written as they are, which the plain JSON of other commands cannot.
      output.text(stringifyJson({ data: rows }));
      return;
    case 'csv':
      output.text(rowsAsCsv(rows));
      return;
    default:
      output.text(rowsAsTable(rows, output.style));
  }
}

/** @throws CliError exit 2 unless the query is given once, or when the file cannot be read */
async function textOfQuery({ args, options, io }: Invocation<QueryFlags, QueryArguments>): Promise<string> {
  const [sql] = args;
  const { file } = options;
  if (sql !== undefined && file !== undefined) throw usageError('give the query or --file, not both');
  if (file !== undefined) {
    try {
      return await readFile(resolve(io.cwd, file), 'utf8');
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code ?? 'unreadable';
      throw usageError(`--file: cannot read ${file} (${reason})`);
    }
  }
  if (sql === undefined) throw usageError('give a query, - for stdin, or --file');
  return sql === '-' ? io.stdin.readAll() : sql;
}
