// What verification does when the store does not answer, and what it tells of callers it turns away.
import { afterEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { createKey } from '../../../src/server/routes/keys/create-key.ts';
import { verifyKey } from '../../../src/server/routes/keys/verify-key.ts';
import { noEventSink } from '../../../src/services/analytics/writing/event-sink.ts';
import { createKeyCache } from '../../../src/services/keys/cached-key.ts';
import { createKeyVerifier, type KeyVerifier } from '../../../src/services/keys/verifier.ts';
import { createRateLimiter } from '../../../src/services/ratelimit/engine.ts';
import { DatabaseError } from '../../../src/storage/sql/database.ts';
import { type LogLine, recordingLogger, recordingMetrics } from '../support/recorders.ts';
import { brokenStore } from '../support/store.ts';
import { API, CALLER, KEYSPACE, openWorkbench, WORKSPACE, type Workbench } from './workbench.ts';

describe('a verifier without a store', () => {
  const clock = new ManualClock(0);
  const db = brokenStore(new DatabaseError('gone'));
  const metrics = recordingMetrics();
  const base = { db, clock, metrics, log: silentLogger };
  const verifier: KeyVerifier = createKeyVerifier({
    ...base,
    keyCache: createKeyCache(base),
    limiter: createRateLimiter({ ...base, origin: undefined }),
    usage: {
      spend: () => Promise.reject(new Error('nothing here spends credits')),
      settle: () => Promise.resolve(),
      invalidate: () => Promise.resolve(),
      close: () => Promise.resolve(),
    },
    events: noEventSink,
    region: 'test',
  });

  it('is unavailable, and counts that', async () => {
    const lookup = { key: 'key', migrationId: undefined, workspaceId: 'ws_1' };
    await expect(verifier.find(lookup)).rejects.toMatchObject({
      code: 'unkey:application:service_unavailable',
    });
    expect(metrics.values.get('unkey_key_verification_errors_total{type="key"}')).toBe(1);
  });
});

describe('a caller of verifyKey', () => {
  let bench: Workbench;
  afterEach(() => bench.close());

  /** The answer for a key of the API, and the lines logged meanwhile. */
  async function verifiedBy(
    ...permissions: string[]
  ): Promise<{ data: unknown; lines: LogLine[]; keyId: string }> {
    bench = await openWorkbench();
    const { key, keyId } = await bench.run(createKey, { apiId: API });
    const log = recordingLogger();
    const { data } = await verifyKey.handle(
      {
        requestId: 'req_test',
        principal: { ...CALLER.principal, permissions },
        client: CALLER.client,
        log,
        signal: new AbortController().signal,
        services: bench.services,
        requestTime: undefined,
        recordEvents: true,
        callingTool: '',
      },
      { key },
    );
    return { data, lines: log.lines, keyId };
  }

  it.each([
    ['all APIs', 'api.*.verify_key'],
    ['this API', `api.${API}.verify_key`],
    ['all keys of the keyspace', `unkey:v1:${WORKSPACE}:keyspaces/${KEYSPACE}/keys/*#verify_key`],
  ])('who may verify keys of %s leaves no denial in the log', async (_, permission) => {
    const { data, lines } = await verifiedBy(permission);
    expect(data).toMatchObject({ valid: true });
    expect(lines).toEqual([]);
  });

  it('who may not is logged once, with all that would have done', async () => {
    const { data, lines, keyId } = await verifiedBy('api.*.read_key');
    expect(data).toEqual({ valid: false, code: 'NOT_FOUND' });
    expect(lines.map(({ message }) => message)).toEqual(['permission denied']);
    expect(lines[0]?.fields).toMatchObject({
      required_permissions: [
        'api.*.verify_key',
        `api.${API}.verify_key`,
        `unkey:v1:${WORKSPACE}:keyspaces/${KEYSPACE}/keys/${keyId}#verify_key`,
      ].join(' or '),
    });
  });
});
