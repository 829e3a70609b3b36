import type { Integer } from '../../../lib/json.ts';

/** One verification, as the analytics store keeps it (table key_verifications_raw_v2). */
export interface VerificationEvent {
  readonly requestId: string;
  readonly timeMs: number;
  readonly workspaceId: string;
  readonly keyspaceId: string;
  readonly keyId: string;
  readonly identityId: string;
  readonly externalId: string;
  readonly region: string;
  readonly source: 'api';
  readonly outcome: string;
  readonly tags: readonly string[];
  readonly spentCredits: number;
  readonly latencyMs: number;
}

/** One standalone rate-limit check, as the analytics store keeps it (table ratelimits_raw_v2). */
export interface RatelimitEvent {
  /** Shared by the checks of one request. */
  readonly requestId: string;
  /** Unix milliseconds by the clock, whatever time the check was counted at. */
  readonly timeMs: number;
  readonly workspaceId: string;
  readonly namespaceId: string;
  readonly identifier: string;
  /** The check's own result, also when the batch around it failed. */
  readonly passed: boolean;
  /** A batch's time is shared out evenly among its checks, so this may have a fraction. */
  readonly latencyMs: number;
  /** Empty when no override applied. */
  readonly overrideId: string;
  readonly limit: Integer;
  readonly remaining: Integer;
  /** Unix milliseconds. */
  readonly resetAt: Integer;
  /** The cost, of denied checks too. */
  readonly tokens: number;
}

/** Where events go. Never waits and never throws: a lost event must not cost a request. */
export interface EventSink {
  verification(event: VerificationEvent): void;
  ratelimit(event: RatelimitEvent): void;
  close(): Promise<void>;
}

/** For installations without an analytics store. */
export const noEventSink: EventSink = {
  verification: () => undefined,
  ratelimit: () => undefined,
  close: () => Promise.resolve(),
};
