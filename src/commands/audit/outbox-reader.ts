import type { OutboxReader } from '../../services/audit/read-outbox.ts';
import type { Queryable } from '../../storage/sql/database.ts';
import type { Invocation } from '../cli/context.ts';

/** A reader that warns of rows it cannot read, and ends between two pages when the command is stopped. */
export function outboxReader(
  q: Queryable,
  { output, signal }: Pick<Invocation, 'output' | 'signal'>,
  onRows: (count: number) => void = () => undefined,
): OutboxReader {
  return {
    q,
    onUnreadable: (pk) =>
      output.warn(`row ${pk} of clickhouse_outbox holds no audit event of a known format; left out`),
    onPage(rows) {
      signal.throwIfAborted();
      onRows(rows);
    },
  };
}
