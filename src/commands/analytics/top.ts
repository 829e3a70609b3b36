import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../../lib/duration.ts';
import { type Integer, stringifyJson } from '../../lib/json.ts';
import type { AnalyticsRecord } from '../../storage/analytics/analytics-store.ts';
import { time } from '../admin/table.ts';
import type { CliContext, Invocation } from '../cli/context.ts';
import { annotate } from '../cli/notes.ts';
import { integer } from '../cli/values.ts';
import { showsUnicode } from './bars.ts';
import { addSourceOptions, withSource } from './choose-source.ts';
import { type RankedRow, rankingChart } from './ranking.ts';
import type { AnalyticsSource, Names, SourceFlags } from './source.ts';
import { rankingQuery, SUBJECTS, type Subject } from './subjects.ts';

type TopFlags = SourceFlags & {
  /** Milliseconds. */
  readonly since: number;
  readonly limit: number;
};

const DEFAULT_SINCE_MS = 24 * 60 * 60 * 1000;
/** More names than that are not asked for one by one. */
const MAX_LIMIT = 100;
const DEFAULT_WIDTH = 80;

export function registerTop(group: Command, cli: CliContext): void {
  const command = annotate(
    group
      .command('top')
      .description('show who is verified or limited the most')
      .addArgument(new Argument('<what>', 'what to rank').choices([...SUBJECTS]))
      .addOption(
        new Option('--since <duration>', 'how far to look back')
          .argParser(ago)
          .default(DEFAULT_SINCE_MS, '24h'),
      )
      .addOption(
        new Option('-n, --limit <n>', 'how many to show').argParser(integer(1, MAX_LIMIT)).default(10),
      ),
    {
      remarks:
        'keys, apis and outcomes count verifications, identifiers counts checks of rate limits. The beginning is rounded down: to the minute up to a day back, to the hour up to 29 days back, else to the day. Names of APIs are known with --workspace only.',
      examples: [
        ['unkey analytics top keys', 'the keys that were used the most, of the last day'],
        ['unkey analytics top outcomes --since 1h', 'what became of verifications in the last hour'],
        ['unkey analytics top identifiers --limit 20 --json', 'for programs'],
        ['unkey analytics top apis --since 168h --workspace local', 'as operator, without a root key'],
      ],
      exitCodes: [
        ['1', 'the time reaches back further than rows of the workspace are kept'],
        ['4', 'no root key, or one without api.*.read_analytics or ratelimit.*.read_analytics'],
        ['6', 'the workspace is not provisioned, or another process has the data of the embedded engine'],
        ['7', "the workspace's quota of queries is used up"],
        ['8', 'the server, the database or ClickHouse does not answer'],
      ],
    },
  );
  addSourceOptions(command);
  command.action(cli.action<TopFlags, [Subject]>(top));
}

async function top(invocation: Invocation<TopFlags, [Subject]>): Promise<void> {
  const { io, options, output } = invocation;
  const [subject] = invocation.args;
  const seconds = Math.ceil(options.since / 1000);
  const { endpoint, sql, unit } = rankingQuery(subject, seconds, options.limit);
  const rows = await withSource(invocation, async (source) => {
    const found = await source.query(endpoint, sql);
    return ranked(found, await namesOf(source, subject, found));
  });

  if (output.format === 'json') {
    output.text(stringifyJson({ subject, seconds, roundedTo: unit, rows }));
    return;
  }
  const what = subject === 'identifiers' ? 'checks of rate limits' : 'verifications';
  const since = time(Date.now() - seconds * 1000);
  output.note(`${what} since ${since}${rows.length === 0 ? ': none' : ''}`);
  if (rows.length === 0) return;
  const chart = { width: io.stdout.columns ?? DEFAULT_WIDTH, unicode: showsUnicode(io.env) };
  output.text(rankingChart(subject, rows, chart, output.style));
}

function namesOf(
  source: AnalyticsSource,
  subject: Subject,
  rows: readonly AnalyticsRecord[],
): Promise<Names> {
  const ids = rows.map(({ id }) => String(id));
  if (subject === 'keys' && ids.length > 0) return source.keyNames(ids);
  if (subject === 'apis' && ids.length > 0) return source.apiNames(ids);
  return Promise.resolve(new Map());
}

function ranked(rows: readonly AnalyticsRecord[], names: Names): RankedRow[] {
  return rows.map((row) => ({
    id: String(row.id),
    name: names.get(String(row.id)) ?? null,
    total: row.total_count as Integer,
    refused: row.refused_count as Integer,
  }));
}

/** A duration of at least a second, as milliseconds. */
function ago(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms < 1000) {
    throw new InvalidArgumentError('It must be a duration of at least 1s, such as 30m or 24h.');
  }
  return ms;
}
