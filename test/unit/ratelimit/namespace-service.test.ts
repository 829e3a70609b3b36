import { expect, it } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { silentMetrics } from '../../../src/lib/metrics.ts';
import { randomIds } from '../../../src/lib/uid.ts';
import { createNamespaceService } from '../../../src/services/ratelimit/namespace-service.ts';
import { DatabaseError } from '../../../src/storage/sql/database.ts';
import { brokenStore } from '../support/store.ts';

it('is unavailable while the store does not answer, however it is asked', async () => {
  const namespaces = createNamespaceService({
    db: brokenStore(new DatabaseError('gone')),
    clock: new ManualClock(0),
    ids: randomIds,
    log: silentLogger,
    metrics: silentMetrics,
  });
  const fault = { code: 'unkey:application:service_unavailable' };
  await expect(namespaces.find('ws_1', 'api')).rejects.toMatchObject(fault);
  await expect(namespaces.findMany('ws_1', ['api'])).rejects.toMatchObject(fault);
  await expect(namespaces.findLive('ws_1', 'api')).rejects.toMatchObject(fault);
  await expect(namespaces.findLatest('ws_1', 'api')).rejects.toMatchObject(fault);
  await expect(namespaces.findStored('ws_1', 'api')).rejects.toMatchObject(fault);
});
