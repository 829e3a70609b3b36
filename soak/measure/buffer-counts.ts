// What a node's analytics buffers have done, as its metrics tell.

export interface BufferCount {
  /** Rows taken in. */
  readonly buffered: number;
  /** Rows that found no room. */
  readonly dropped: number;
  /** Rows written. */
  readonly processed: number;
  /** Rows given up after their last attempt. */
  readonly failed: number;
}

/** By name of the buffer. */
export type BufferCounts = Readonly<Record<string, BufferCount>>;

export const NO_ROWS: BufferCount = { buffered: 0, dropped: 0, processed: 0, failed: 0 };
const SERIES =
  /^(unkey_buffer_state_total|unkey_batch_items_processed_total|unkey_batch_items_processed_errors_total)\{([^}]*)\} (\S+)/;

/** @param exposition the text of `/metrics` */
export function readBufferCounts(exposition: string): BufferCounts {
  const counts: Record<string, BufferCount> = {};
  for (const line of exposition.split('\n')) {
    const [, series, labels = '', value] = SERIES.exec(line) ?? [];
    if (series === undefined) continue;
    const field = fieldOf(series, label(labels, 'state'));
    const name = label(labels, 'name');
    if (field === undefined || name === undefined) continue;
    const known = counts[name] ?? NO_ROWS;
    counts[name] = { ...known, [field]: known[field] + Number(value) };
  }
  return counts;
}

function fieldOf(series: string, state: string | undefined): keyof BufferCount | undefined {
  if (series === 'unkey_batch_items_processed_total') return 'processed';
  if (series === 'unkey_batch_items_processed_errors_total') return 'failed';
  if (state === 'buffered' || state === 'dropped') return state;
  return undefined;
}

function label(labels: string, name: string): string | undefined {
  return new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1];
}
