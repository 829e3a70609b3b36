// Every background job of the product. Source: the table of jobs in the operations chapter.

import { cleanUpGlobalCounters } from '../ratelimit/global-counters-cleanup.ts';
import { cleanUpCreditSettlements } from '../usage/settlement-cleanup.ts';
import { auditCleanup } from './audit-cleanup.ts';
import { auditExport } from './audit-export.ts';
import type { Job } from './job.ts';
import { keyLastUsed } from './key-last-used.ts';
import { keyRefill } from './key-refill.ts';

const globalCountersCleanup: Job = {
  name: 'global-counters-cleanup',
  description: 'delete rate-limit counts of other regions that have expired',
  schedule: '0 * * * *',
  // A store in a file has one region: nothing is counted across regions there.
  store: 'mysql',
  counts: 'counters deleted',
  run: cleanUpGlobalCounters,
};

const creditSettlementsCleanup: Job = {
  name: 'credit-settlements-cleanup',
  description: 'delete settlements of spent credits that nothing refers to any more',
  schedule: '0 3 * * *',
  retryAfterMs: 5 * 60_000,
  counts: 'settlements deleted',
  run: cleanUpCreditSettlements,
};

export const jobs: readonly Job[] = [
  keyRefill,
  keyLastUsed,
  auditExport,
  auditCleanup,
  globalCountersCleanup,
  creditSettlementsCleanup,
];
