// Waits until the nodes have written what their buffers hold, and counts what is in the store.
import { setTimeout as sleep } from 'node:timers/promises';
import { ROW_KINDS, type RowKind } from '../ledger/answer-counts.ts';
import { NO_ROWS } from '../measure/buffer-counts.ts';
import type { Stack } from '../stack/stack.ts';
import { WORKSPACE_ID } from '../stack/workspace.ts';

const TABLES: Readonly<Record<RowKind, string>> = {
  key_verifications: 'key_verifications_raw_v2',
  ratelimits: 'ratelimits_raw_v2',
};
/** Writing pauses for 30 s after failures, and a batch is tried for 15 s. */
const WRITTEN_WITHIN_MS = 60_000;
const POLL_MS = 1_000;

/** @throws the signal's reason once it is aborted */
export async function untilWritten({ fleet }: Pick<Stack, 'fleet'>, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + WRITTEN_WITHIN_MS;
  for (;;) {
    await fleet.scrapeAll();
    const isWritten = fleet.lives
      .filter(({ ending }) => ending === 'no')
      .every(({ buffers, lostRows }) =>
        ROW_KINDS.every((kind) => {
          const { buffered, processed, failed } = buffers[kind] ?? NO_ROWS;
          return processed + failed + (lostRows[kind] ?? 0) >= buffered;
        }),
      );
    if (isWritten || Date.now() > deadline) return;
    await sleep(POLL_MS, undefined, { signal });
  }
}

/** The rows of the workspace, asked past the product. @throws Error when the store does not answer */
export async function storedRows({
  clickhouse,
}: Pick<Stack, 'clickhouse'>): Promise<Record<RowKind, number>> {
  const { origin, username, password } = new URL(clickhouse.url);
  const count = async (kind: RowKind): Promise<number> => {
    const response = await fetch(`${origin}/?database=default`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` },
      body: `SELECT count() FROM ${TABLES[kind]} WHERE workspace_id = '${WORKSPACE_ID}'`,
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`the analytics store answered ${response.status}: ${text}`);
    return Number(text);
  };
  return { key_verifications: await count('key_verifications'), ratelimits: await count('ratelimits') };
}
