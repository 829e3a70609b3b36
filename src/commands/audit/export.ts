import { type Command, Option } from 'commander';
import type { AuditFilter } from '../../services/audit/audit-filter.ts';
import type { AuditRecord } from '../../services/audit/audit-record.ts';
import type { Database } from '../../storage/sql/database.ts';
import { addStoreOptions, withCurrentStore } from '../admin/store.ts';
import { usageError } from '../cli/cli-error.ts';
import type { CliContext, Invocation } from '../cli/context.ts';
import { annotate } from '../cli/notes.ts';
import { type Progress, silentProgress } from '../cli/progress.ts';
import { integer } from '../cli/values.ts';
import { type ExportTarget, fileTarget, stdoutTarget } from './export-file.ts';
import { withExportedEvents } from './exported-events.ts';
import { addFilterOptions, type FilterFlags, readFilter } from './filter-flags.ts';
import { outboxReader } from './outbox-reader.ts';
import { CSV, JSON_LINES, type RecordFormat } from './present.ts';

type ExportFlags = FilterFlags & {
  readonly limit?: number;
  readonly format: 'jsonl' | 'csv';
  readonly outputFile?: string;
  readonly force?: boolean;
  /** False with --no-analytics. */
  readonly analytics: boolean;
};

/** Events that are written at once. */
const BATCH_SIZE = 500;

export function registerExport(group: Command, cli: CliContext): void {
  const command = annotate(group.command('export').description('write audit events out, oldest first'), {
    remarks:
      'Reads the relational store, which holds every event until it is exported to ClickHouse and for 30 days more, and ClickHouse when clickhouse.url is configured. An event that is in both is written once.',
    examples: [
      ['unkey audit export --output-file audit.jsonl', 'every event there is'],
      [
        'unkey audit export --workspace local --since 2026-01-01T00:00:00Z --until 2026-02-01T00:00:00Z --format csv --output-file january.csv',
        'one month of one workspace, for a spreadsheet',
      ],
      ["unkey audit export --actor rootkey:key_2cGKbMxRy --event 'key.*'", 'what a root key did to keys'],
    ],
    exitCodes: [
      ['5', 'no such workspace'],
      ['6', 'the output file exists; --force overwrites it'],
      ['8', 'a store does not answer; nothing is left of an output file'],
    ],
  })
    .addOption(new Option('--limit <n>', 'stop after so many events').argParser(integer(1)))
    .addOption(
      new Option('--format <format>', 'JSON lines or CSV').choices(['jsonl', 'csv']).default('jsonl'),
    )
    .addOption(new Option('--output-file <path>', 'write to this file, readable by its owner alone'))
    .addOption(new Option('--force', 'overwrite the output file'))
    .addOption(new Option('--no-analytics', 'read the relational store alone'));
  addStoreOptions(addFilterOptions(command));
  command.action(
    cli.action<ExportFlags>(exportEvents, { interruptedHint: 'no output file was left behind' }),
  );
}

async function exportEvents(invocation: Invocation<ExportFlags>): Promise<void> {
  const { io, options, output } = invocation;
  const { outputFile } = options;
  if (outputFile === undefined && output.format === 'json') {
    throw usageError('with --json an export needs --output-file; without --json the events are JSON lines');
  }
  const { systemClock } = await import('../../lib/clock.ts');
  await withCurrentStore(invocation, async (db) => {
    const filter = await readFilter(db.replica, options, systemClock.now());
    const target =
      outputFile === undefined
        ? stdoutTarget(output)
        : await fileTarget(io.cwd, outputFile, { force: options.force ?? false });
    // Nothing is rewritten in place between the events themselves.
    const progress = outputFile === undefined && io.stdout.isTTY ? silentProgress : output.progress();
    let events: number;
    try {
      events = await withRecords(invocation, { db, filter, progress }, (records) =>
        writeRecords(records, target, invocation, progress),
      );
      await target.commit();
    } catch (error) {
      await target.discard();
      throw error;
    }
    progress.done(`${events} events exported`);
    if (outputFile !== undefined && output.format === 'json') {
      output.result({ events, file: outputFile, format: options.format }, () => '');
    }
  });
}

interface Source {
  readonly db: Database;
  readonly filter: AuditFilter;
  readonly progress: Progress;
}

/** Runs `work` with the events of both stores, by time and id, each once. */
async function withRecords<T>(
  invocation: Invocation<ExportFlags>,
  { db, filter, progress }: Source,
  work: (records: AsyncGenerator<AuditRecord>) => Promise<T>,
): Promise<T> {
  const { readOutbox } = await import('../../services/audit/read-outbox.ts');
  let rows = 0;
  const reader = outboxReader(db.replica, invocation, (count) => {
    rows += count;
    progress.update(`${rows} rows of the relational store read`);
  });
  const stored = readOutbox(reader, filter);
  if (!invocation.options.analytics) return work(stored);
  const [{ readExported }, { mergeRecords }] = await Promise.all([
    import('../../services/audit/read-exported.ts'),
    import('../../services/audit/merge-records.ts'),
  ]);
  return withExportedEvents(invocation, (analytics) =>
    work(
      analytics === undefined
        ? stored
        : mergeRecords(stored, readExported(analytics, filter, invocation.signal)),
    ),
  );
}

/** Writes a batch of events at a time; yields how many there were. */
async function writeRecords(
  records: AsyncGenerator<AuditRecord>,
  target: ExportTarget,
  { options, signal }: Invocation<ExportFlags>,
  progress: Progress,
): Promise<number> {
  const format: RecordFormat = options.format === 'csv' ? CSV : JSON_LINES;
  const limit = options.limit ?? Number.POSITIVE_INFINITY;
  let written = 0;
  let batch: string[] = format.head === undefined ? [] : [format.head];
  const flush = async (): Promise<void> => {
    if (batch.length === 0) return;
    await target.write(`${batch.join('\n')}\n`);
    batch = [];
    progress.update(`${written} events exported`);
  };
  for await (const record of records) {
    signal.throwIfAborted();
    batch.push(format.write(record));
    written++;
    if (batch.length >= BATCH_SIZE) await flush();
    if (written >= limit) break;
  }
  await flush();
  return written;
}
