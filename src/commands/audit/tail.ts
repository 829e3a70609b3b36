import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import type { AuditRecord } from '../../services/audit/audit-record.ts';
import { addStoreOptions, withCurrentStore } from '../admin/store.ts';
import { usageError } from '../cli/cli-error.ts';
import type { CliContext, Invocation } from '../cli/context.ts';
import { annotate } from '../cli/notes.ts';
import { integer } from '../cli/values.ts';
import { addFilterOptions, type FilterFlags, readFilter } from './filter-flags.ts';
import { outboxReader } from './outbox-reader.ts';
import { JSON_LINES, type RecordFormat, textLines } from './present.ts';

type TailFlags = FilterFlags & {
  readonly limit: number;
  readonly follow?: boolean;
  readonly format?: 'text' | 'jsonl';
};

const DEFAULT_LIMIT = 20;
const POLL_MS = 1000;

export function registerTail(group: Command, cli: CliContext): void {
  const command = annotate(
    group.command('tail').description('show the newest audit events, and follow the log'),
    {
      remarks:
        "Reads the relational store, which holds every event until it is exported to ClickHouse and for 30 days more. Older ones: 'unkey audit export'.",
      examples: [
        ['unkey audit tail', 'the newest events of every workspace'],
        ["unkey audit tail -f --workspace local --event 'key.*'", 'what happens to keys, as it happens'],
        [
          'unkey audit tail --resource key:key_2cGKbMxRy --since 24h --limit 100',
          'what was done to a key today',
        ],
        [
          'unkey audit tail -f --limit 0 --format jsonl',
          'new events only, as JSON lines, for another program',
        ],
      ],
      exitCodes: [
        ['5', 'no such workspace'],
        ['130', 'ended by Ctrl-C, as --follow always is'],
      ],
    },
  )
    .addOption(
      new Option('-n, --limit <n>', 'how many events that are there already')
        .argParser(integer(0, 100_000))
        .default(DEFAULT_LIMIT),
    )
    .addOption(new Option('-f, --follow', 'wait for new events and print them'))
    .addOption(
      new Option('--format <format>', 'text (on a terminal) or JSON lines (elsewhere)').choices([
        'text',
        'jsonl',
      ]),
    );
  addStoreOptions(addFilterOptions(command));
  command.action(cli.action<TailFlags>(tail));
}

async function tail(invocation: Invocation<TailFlags>): Promise<void> {
  const { options, output, signal } = invocation;
  const follow = options.follow === true;
  if (follow && output.format === 'json') {
    throw usageError(
      'a log that is followed is no single JSON document; use --format jsonl instead of --json',
    );
  }
  const [{ followOutbox }, { systemClock }] = await Promise.all([
    import('../../services/audit/follow-outbox.ts'),
    import('../../lib/clock.ts'),
  ]);
  await withCurrentStore(invocation, async (db) => {
    const filter = await readFilter(db.primary, options, systemClock.now());
    const follower = followOutbox(outboxReader(db.primary, invocation), filter, systemClock);
    const format = formatOf(invocation);
    const print = (records: readonly AuditRecord[]): void => {
      if (records.length > 0) output.text(records.map((record) => format.write(record)).join('\n'));
    };

    const last = await follower.last(options.limit);
    if (output.format === 'json') output.result({ events: last }, () => '');
    else print(last);
    while (follow) {
      await sleep(POLL_MS, undefined, { signal });
      print(await follower.next());
    }
  });
}

function formatOf({ io, options, output }: Invocation<TailFlags>): RecordFormat {
  const format = options.format ?? (io.stdout.isTTY ? 'text' : 'jsonl');
  return format === 'text' ? textLines(output.style) : JSON_LINES;
}
