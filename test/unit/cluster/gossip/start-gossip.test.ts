import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../../src/lib/clock.ts';
import { silentMetrics } from '../../../../src/lib/metrics.ts';
import { noCluster } from '../../../../src/services/cluster/cluster.ts';
import type { GossipSettings } from '../../../../src/services/cluster/gossip/options.ts';
import { startGossip } from '../../../../src/services/cluster/gossip/start-gossip.ts';
import { recordingLogger } from '../../support/recorders.ts';

const settings: GossipSettings = {
  bindAddr: '127.0.0.1',
  lanPort: 0,
  wanPort: 0,
  lanSeeds: [],
  wanSeeds: [],
  wanAdvertiseAddr: '',
  secretKey: randomBytes(32).toString('base64'),
};

async function start(change: Partial<GossipSettings>) {
  const log = recordingLogger();
  const cluster = await startGossip({
    config: { ...settings, ...change },
    nodeId: 'n1',
    region: 'eu',
    clock: systemClock,
    metrics: silentMetrics,
    log,
  });
  const errors = log.lines
    .filter(({ level }) => level === 'error')
    .map(({ fields }) => ('err' in fields ? String(fields.err) : ''));
  return { cluster, errors };
}

describe('gossip that does not start leaves a node on its own, and says why', () => {
  it('with a key that decodes to a wrong length', async () => {
    const secretKey = randomBytes(40).toString('base64');
    const { cluster, errors } = await start({ secretKey });
    expect(cluster).toBe(noCluster);
    expect(errors).toEqual([expect.stringContaining('40 bytes')]);
    expect(errors.join()).not.toContain(secretKey);
  });

  it('with a port that is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    try {
      const lanPort = (server.address() as { port: number }).port;
      const { cluster, errors } = await start({ lanPort });
      expect(cluster).toBe(noCluster);
      expect(errors).toEqual([expect.stringContaining('EADDRINUSE')]);
    } finally {
      server.close();
    }
  });

  it('with an address to listen on that does not resolve', async () => {
    const { cluster, errors } = await start({ bindAddr: 'nothing.invalid' });
    expect(cluster).toBe(noCluster);
    expect(errors).toEqual([expect.stringContaining('nothing.invalid')]);
  });
});
