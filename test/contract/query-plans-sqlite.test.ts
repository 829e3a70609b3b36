import { explainSqlite } from '../support/query-plans/explain-sqlite.ts';
import { describePlans, type Inspect } from './query-plans.contract.ts';
import { openStore } from './stores.ts';

const inspect: Inspect = async (q, statement, run) => ({
  findings: await explainSqlite(q, statement),
  result: await run(),
});

const ACCEPTED = {
  findFirstRegion: 'sorts the regions of the platform, which are few',
  listRunnableControlJobs:
    'walks the queue of the control plane in its order; jobs that are done are deleted',
};

// SQLite takes statistics only when it is told to, which nobody does: both ways have to be good.
describePlans('SQLite, without statistics', {
  open: async () => openStore('sqlite::memory:'),
  analyze: async () => undefined,
  inspect,
  accepted: ACCEPTED,
});

describePlans('SQLite, with statistics', {
  open: async () => openStore('sqlite::memory:'),
  analyze: async (database) => void (await database.primary.run('analyze', 'ANALYZE')),
  inspect,
  accepted: ACCEPTED,
});
