// How caches of one name tell each other, across nodes, what they dropped. A cache that was given no Invalidations is on
// its own, and other nodes find out by the age of their entries. Source: cache side of the gossip cluster, caches chapter.

/** What a message from another node may do to a cache. Neither is told on. */
export interface LocalCache {
  removeLocally(key: string): void;
  clearLocally(): void;
}

/** How a cache tells the others. Never waits and never throws: a lost message costs freshness, no more. */
export interface CacheBroadcast {
  removed(keys: readonly string[]): void;
  cleared(): void;
}

export interface Invalidations {
  /** Registers the one cache of this name in this process. Its name and key texts mean the same on every node. */
  join(cacheName: string, cache: LocalCache): CacheBroadcast;
}
