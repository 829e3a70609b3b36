// A key that the load made, and what verifications of it may answer.

/** Cached keys are fresh for so long, in milliseconds. Source: docs/operations.md, "What is cached". */
const FRESH_MS = 10_000;
/** Requests that arrive while a process refreshes a stale entry may be answered from it as well: within so long. */
const REFRESH_MS = 2_000;

export type KeyState = 'live' | 'disabled' | 'deleted';

/** The code of a verification that each state is answered with. */
const CODES: Readonly<Record<KeyState, string>> = {
  live: 'VALID',
  disabled: 'DISABLED',
  deleted: 'NOT_FOUND',
};

/** What an old entry in a cache may show instead: the states before. Keys go from live to disabled to deleted, never back. */
const OLD_CODES: Readonly<Record<KeyState, readonly string[]>> = {
  live: [],
  disabled: ['VALID'],
  deleted: ['VALID', 'DISABLED'],
};

export interface VerifiedAt {
  /** Unix milliseconds at which the verification was sent. */
  readonly sentAt: number;
  /** The life of the node that answered. */
  readonly life: string;
  /** Processes of that node: each has a cache of its own. */
  readonly processes: number;
  /** Whether refreshes may have failed since the change, so that old entries live on. */
  readonly storeWasAway: boolean;
}

export class KeyRecord {
  readonly keyId: string;
  readonly key: string;
  /** Names of roles that it certainly has. */
  readonly roles = new Set<string>();
  #state: KeyState = 'live';
  /** Unix milliseconds at which the last change was acknowledged. */
  #changedAt = 0;
  /** A change is in flight or in doubt: it is used no more. */
  #unsure = false;
  #version = 0;
  /** For each life of a node: when it began to answer from its old entry after the fresh time, as often as it did. */
  readonly #staleSince = new Map<string, { at: number; times: number }>();

  constructor(keyId: string, key: string) {
    this.keyId = keyId;
    this.key = key;
  }

  get state(): KeyState {
    return this.#state;
  }

  /** Unix milliseconds at which the last change was acknowledged; 0 before any. */
  get changedAt(): number {
    return this.#changedAt;
  }

  get unsure(): boolean {
    return this.#unsure;
  }

  /** Counts changes: an answer can be judged when none began or ended since its request was sent. */
  get version(): number {
    return this.#version;
  }

  /** A change was sent; until it is acknowledged nobody knows which state holds. */
  beginChange(): void {
    this.#unsure = true;
    this.#version++;
  }

  /** @param at unix milliseconds of the acknowledgement */
  changed(state: KeyState, at: number): void {
    this.#unsure = false;
    this.#version++;
    this.#state = state;
    this.#changedAt = at;
    this.#staleSince.clear();
  }

  /** The change was certainly not carried out. */
  unchanged(): void {
    this.#unsure = false;
  }

  /** What is wrong with an answer to a verification, if anything. Ask only while {@link version} is what it was when it was sent. */
  judge(code: string, sent: VerifiedAt): string | undefined {
    if (code === CODES[this.#state]) return undefined;
    const told = `${this.keyId} is ${this.#state} since ${Math.round(sent.sentAt - this.#changedAt)} ms and answered ${code}`;
    if (!OLD_CODES[this.#state].includes(code)) return told;
    if (sent.sentAt < this.#changedAt + FRESH_MS || sent.storeWasAway) return undefined;
    const stale = this.#staleSince.get(sent.life);
    if (stale !== undefined && sent.sentAt <= stale.at + REFRESH_MS) return undefined;
    const times = (stale?.times ?? 0) + 1;
    this.#staleSince.set(sent.life, { at: sent.sentAt, times });
    return times <= sent.processes
      ? undefined
      : `${told} by ${sent.life}, for the ${times}th time after the fresh time`;
  }
}
