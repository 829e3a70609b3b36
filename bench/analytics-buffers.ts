// What a server counts of a buffer of analytics rows.

/** Rows since its start. */
export interface BufferCounts {
  /** Taken into the buffer. */
  readonly taken: number;
  /** Found it full. */
  readonly dropped: number;
  readonly written: number;
  /** In batches that were given up after their last try. */
  readonly givenUp: number;
}

/** @param port where the server shows its metrics. @param name of the buffer, as the metrics have it */
export async function readBuffer(port: number, name: string): Promise<BufferCounts> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const value = (series: string, ...labels: readonly string[]): number => {
    const wanted = [`name="${name}"`, ...labels];
    const line = text
      .split('\n')
      .find(
        (candidate) =>
          candidate.startsWith(`${series}{`) && wanted.every((label) => candidate.includes(label)),
      );
    return line === undefined ? 0 : Number(line.slice(line.lastIndexOf(' ') + 1));
  };
  return {
    taken: value('unkey_buffer_state_total', 'state="buffered"'),
    dropped: value('unkey_buffer_state_total', 'state="dropped"'),
    written: value('unkey_batch_items_processed_total'),
    givenUp: value('unkey_batch_items_processed_errors_total'),
  };
}
