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

/** Where events go. Never waits and never throws: a lost event must not cost a request. */
export interface EventSink {
  verification(event: VerificationEvent): void;
  close(): Promise<void>;
}

/** For installations without an analytics store. */
export const noEventSink: EventSink = {
  verification: () => undefined,
  close: () => Promise.resolve(),
};
