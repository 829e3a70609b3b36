// The faults that a soak knows, with how long each lasts and how long clients may feel it after it is healed.

export const FAULT_KINDS = [
  'kill-node',
  'kill-worker',
  'roll-nodes',
  'restart-redis',
  'pause-redis',
  'restart-mysql',
  'fill-analytics',
  'slow-analytics',
  'rotate-vault',
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

export interface FaultProfile {
  /** What is done, for people. */
  readonly does: string;
  /** How long the fault is held, at least and at most, in milliseconds; nothing to hold where both are 0. */
  readonly holdMs: readonly [number, number];
  /** How long after it was healed clients may still feel it, in milliseconds. */
  readonly aftermathMs: number;
}

export const FAULTS: Readonly<Record<FaultKind, FaultProfile>> = {
  'kill-node': { does: 'SIGKILL to a node, started again', holdMs: [1_000, 5_000], aftermathMs: 2_000 },
  'kill-worker': {
    does: 'SIGKILL to one worker of a node with several',
    holdMs: [0, 0],
    aftermathMs: 2_000,
  },
  'roll-nodes': {
    does: 'SIGTERM to one node after another, started again',
    holdMs: [0, 0],
    aftermathMs: 1_000,
  },
  'restart-redis': { does: 'SIGKILL to Redis, back empty', holdMs: [500, 5_000], aftermathMs: 5_000 },
  'pause-redis': { does: 'SIGSTOP to Redis, then SIGCONT', holdMs: [2_000, 8_000], aftermathMs: 5_000 },
  // Breakers of the store try again every few seconds, and its connections are made anew.
  'restart-mysql': { does: 'SIGKILL to MySQL, back as it was', holdMs: [1_000, 8_000], aftermathMs: 8_000 },
  // A pause in writing after failures lasts 30 s; queries are not held up by it.
  'fill-analytics': {
    does: 'the analytics store away until buffers run over',
    holdMs: [0, 0],
    aftermathMs: 5_000,
  },
  'slow-analytics': {
    does: 'the analytics store answers 8 s late',
    holdMs: [8_000, 12_000],
    aftermathMs: 10_000,
  },
  // The breaker of the Vault lets nothing through for ten seconds.
  'rotate-vault': {
    does: 'a new master key: Vault restarted twice, data keys wrapped again between',
    holdMs: [0, 0],
    aftermathMs: 12_000,
  },
};
