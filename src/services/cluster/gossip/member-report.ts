import type { NodeIdentity, PoolName, Reporting } from './options.ts';

/** Logs and counts who is in a pool. */
export interface MemberReport {
  /** `members` are all nodes of the pool, this one included. */
  members(members: readonly NodeIdentity[]): void;
  joined(node: NodeIdentity): void;
  left(node: NodeIdentity): void;
}

export function createMemberReport(
  pool: PoolName,
  { metrics, log }: Pick<Reporting, 'metrics' | 'log'>,
): MemberReport {
  /** Regions that were counted once, and have to be counted as empty when their nodes are gone. */
  const regions = new Set<string>();
  return {
    members(members) {
      for (const { region } of members) regions.add(region);
      for (const region of regions) {
        const count = members.filter((member) => member.region === region).length;
        metrics.gauge('unkey_cluster_members_count', { pool, region }, count);
      }
    },
    joined({ nodeId, region }) {
      metrics.count('unkey_cluster_membership_events_total', { event_type: 'join' });
      log.info({ pool, nodeId, nodeRegion: region }, 'a gossip node joined');
    },
    left({ nodeId, region }) {
      metrics.count('unkey_cluster_membership_events_total', { event_type: 'leave' });
      log.info({ pool, nodeId, nodeRegion: region }, 'a gossip node left');
    },
  };
}
