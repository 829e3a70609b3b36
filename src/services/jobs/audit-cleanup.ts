// Retention of the audit outbox. Source: export and retention in the audit section of the analytics chapter.

import { countExportedOutboxRows, deleteExportedOutboxRows } from '../../storage/sql/queries/outbox.ts';
import type { Job } from './job.ts';

const RETENTION_MS = 30 * 24 * 60 * 60_000;
const BATCH_SIZE = 10_000;

/** Deletes audit rows that were exported more than 30 days ago. Rows that were not exported yet are never deleted. */
export const auditCleanup: Job = {
  name: 'audit-cleanup',
  description: 'delete audit events that were exported more than 30 days ago',
  schedule: '0 2 * * *',
  retryAfterMs: 5 * 60_000,
  counts: 'audit events deleted',
  pending: ({ db, clock }) => countExportedOutboxRows(db.primary, clock.now() - RETENTION_MS),
  async run({ db, clock, signal, progress }) {
    const before = clock.now() - RETENTION_MS;
    let deleted = 0;
    for (;;) {
      signal.throwIfAborted();
      const batch = await deleteExportedOutboxRows(db.primary, { before, limit: BATCH_SIZE });
      deleted += batch;
      progress(deleted);
      if (batch < BATCH_SIZE) return deleted;
    }
  },
};
