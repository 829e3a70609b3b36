import { beforeEach, describe, expect, it } from 'vitest';
import { Membership } from '../../../../src/services/cluster/gossip/membership.ts';
import type { Presence } from '../../../../src/services/cluster/gossip/presence.ts';

describe('the members of a pool', () => {
  let news: string[];
  let membership: Membership;

  beforeEach(() => {
    news = [];
    membership = new Membership({
      joined: ({ nodeId }) => void news.push(`+${nodeId}`),
      left: ({ nodeId }) => void news.push(`-${nodeId}`),
    });
  });

  const presence = (nodeId: string, sequence: number, change: Partial<Presence> = {}): Presence => ({
    nodeId,
    region: 'eu',
    role: 'member',
    sequence,
    endpoints: [{ host: '10.0.0.1', port: 7946 }],
    leaving: false,
    ...change,
  });
  const ids = () => membership.members().map(({ nodeId }) => nodeId);

  it('join by their first presence message only', () => {
    expect(membership.hear('p1', presence('n1', 1), 0)).toBe(true);
    expect(membership.hear('p1', presence('n1', 2), 0)).toBe(false);
    expect(membership.hear('p1', presence('n1', 1), 0)).toBe(false);
    expect(news).toEqual(['+n1']);
    expect(membership.members()).toEqual([{ nodeId: 'n1', region: 'eu' }]);
  });

  it('leave when they say so, and an earlier message that comes later does not bring them back', () => {
    membership.hear('p1', presence('n1', 1), 0);
    membership.hear('p1', presence('n1', 3, { leaving: true }), 0);
    membership.hear('p1', presence('n1', 2), 0);
    expect(ids()).toEqual([]);
    expect(news).toEqual(['+n1', '-n1']);
  });

  it('leave with their last connection, and come back when they speak again through others', () => {
    membership.hear('p1', presence('n1', 1), 0);
    membership.disconnected('p1', 50);
    membership.disconnected('p1', 50);
    expect(membership.hear('p1', presence('n1', 1), 0)).toBe(false);
    expect(ids()).toEqual([]);
    expect(membership.hear('p1', presence('n1', 2), 0)).toBe(true);
    expect(news).toEqual(['+n1', '-n1', '+n1']);
  });

  it('are gone when they are silent and not connected', () => {
    membership.hear('p1', presence('n1', 1), 100);
    membership.hear('p2', presence('n2', 1), 100);
    membership.hear('p3', presence('n3', 1), 200);
    membership.expire(1_101, 1_000, (peerId) => peerId === 'p2');
    expect(ids()).toEqual(['n2', 'n3']);
  });

  it('are counted once each, also while a restarted node is known twice', () => {
    membership.hear('p1', presence('n1', 9), 0);
    membership.hear('p1-restarted', presence('n1', 1), 0);
    expect(ids()).toEqual(['n1']);
    membership.disconnected('p1', 50);
    expect(ids()).toEqual(['n1']);
  });

  it('do not include observers, who are answered nevertheless', () => {
    expect(membership.hear('p1', presence('doctor', 1, { role: 'observer' }), 0)).toBe(true);
    membership.disconnected('p1', 50);
    expect(ids()).toEqual([]);
    expect(news).toEqual([]);
  });

  it('remember where each can be dialled, by the newest word', () => {
    membership.hear('p1', presence('n1', 1), 0);
    membership.hear('p1', presence('n1', 2, { endpoints: [{ host: '10.0.0.2', port: 1 }] }), 0);
    expect([...membership.endpointsByPeer()]).toEqual([['p1', [{ host: '10.0.0.2', port: 1 }]]]);
  });

  it('that broke off are remembered with their endpoints for a while, those that said good-bye are not', () => {
    membership.hear('p1', presence('n1', 1), 0);
    membership.hear('p2', presence('n2', 1), 0);
    membership.hear('p2', presence('n2', 2, { leaving: true }), 100);
    membership.disconnected('p1', 100);
    membership.disconnected('p2', 100);
    expect([...membership.lostSince(100)]).toEqual([['p1', [{ host: '10.0.0.1', port: 7946 }]]]);
    expect([...membership.lostSince(101)]).toEqual([]);
    membership.hear('p1', presence('n1', 2), 200);
    expect([...membership.lostSince(0)]).toEqual([]);
  });
});
