// A process that opens the embedded engine on the directory of its first argument, writes one row after the other, and
// tells its parent how many were acknowledged. On `leave` it goes at once, in the middle of its work.
import { openEmptyChdb } from './analytics.ts';

const store = await openEmptyChdb(process.argv[2]);
process.on('message', () => process.exit(0));
process.on('disconnect', () => process.exit(0));
await store.execute('CREATE TABLE IF NOT EXISTS kept (n Int64) ENGINE = MergeTree ORDER BY n');
for (let n = 1; ; n++) {
  await store.insert({ table: 'kept', columns: ['n'], rows: [{ n }], deduplicationToken: `row-${n}` });
  process.send?.(n);
}
