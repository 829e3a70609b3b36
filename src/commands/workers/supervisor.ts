// Keeps a number of worker processes running: starts them, starts others in the place of those that end, gives up when
// none can be started, and stops them all.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { CliError } from '../cli/cli-error.ts';
import type { StopSignal } from '../cli/io.ts';
import type { ForkWorker, WorkerEnd, WorkerProcess } from './fork-worker.ts';
import type { FromWorker, ToWorker, WorkerFailure, WorkerOrder } from './messages.ts';
import { keepDying, outlined, restartDelayMs, STABLE_MS, TOO_MANY_FAILED_STARTS } from './restarts.ts';

/** What a worker may say once it has its order; the rest is between it and the supervisor. */
export type WorkerReport = Exclude<FromWorker, { readonly kind: 'ready' | 'serving' | 'failed' }>;

export interface SupervisorOptions {
  readonly count: number;
  readonly fork: ForkWorker;
  /** What the worker of this number, from 1, is to run. */
  orderFor(number: number): WorkerOrder;
  onReport(number: number, report: WorkerReport): void;
  /** Called when a worker has ended, for whatever reason. */
  onEnded(number: number): void;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Slot {
  readonly number: number;
  state: 'waiting' | 'starting' | 'ordered' | 'serving';
  process: WorkerProcess | undefined;
  failure: WorkerFailure | undefined;
  servingSince: number;
  /** Ends in a row that came too early. */
  earlyEnds: number;
  /** Starts in a row that led to nothing. */
  failedStarts: number;
  restart: NodeJS.Timeout | undefined;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #slots: readonly Slot[];
  readonly #allServing = Promise.withResolvers<string>();
  readonly #hopeless = Promise.withResolvers<CliError>();
  #begun = false;
  #stopping = false;
  #clean = true;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#slots = Array.from({ length: options.count }, (_, index) => ({
      number: index + 1,
      state: 'waiting',
      process: undefined,
      failure: undefined,
      servingSince: 0,
      earlyEnds: 0,
      failedStarts: 0,
      restart: undefined,
    }));
  }

  /** Starts the workers. Resolves with the address once all of them accept requests; never, when they cannot. */
  start(): Promise<string> {
    for (const slot of this.#slots) this.#fork(slot);
    return this.#allServing.promise;
  }

  /** Resolves with the reason when the workers cannot be started, at first or any more. */
  get hopeless(): Promise<CliError> {
    return this.#hopeless.promise;
  }

  /** The workers that have their order, by number. */
  get running(): readonly number[] {
    return this.#slots.filter(hasOrder).map(({ number }) => number);
  }

  get pids(): readonly number[] {
    return this.#slots.flatMap(({ process }) => process?.pid ?? []);
  }

  /** Tells one worker; nothing when it is not running. */
  send(number: number, message: ToWorker): void {
    const slot = this.#slots[number - 1];
    if (slot !== undefined && hasOrder(slot)) slot.process?.send(message);
  }

  /** Tells every running worker but the one of that number. */
  broadcast(message: ToWorker, except?: number): void {
    for (const number of this.running) if (number !== except) this.send(number, message);
  }

  /**
   * Stops every worker and starts no other. Resolves true when each ended by itself, with nothing cut short; who has not
   * ended after `timeoutMs` is killed.
   */
  async stop(signal: StopSignal, timeoutMs: number): Promise<boolean> {
    const ends = this.#end({ kind: 'stop', signal });
    const timeout = new AbortController();
    const inTime = await Promise.race([
      ends.then(() => true),
      sleep(timeoutMs, false, { signal: timeout.signal }),
    ]);
    timeout.abort();
    if (inTime) return this.#clean;
    this.#options.log.error({ pids: this.pids }, 'workers did not stop in time and are killed');
    this.#kill();
    await ends;
    return false;
  }

  /** Stops every worker without waiting for requests. Resolves when all are gone. */
  async stopNow(signal: StopSignal): Promise<void> {
    const ends = this.#end({ kind: 'stop-now', signal });
    await Promise.race([ends, sleep(LAST_WORDS_MS)]);
    this.#kill();
    await ends;
  }

  #end(message: ToWorker): Promise<unknown> {
    this.#stopping = true;
    for (const slot of this.#slots) {
      clearTimeout(slot.restart);
      // Who has no order has nothing to lose.
      if (hasOrder(slot)) slot.process?.send(message);
      else slot.process?.kill();
    }
    return Promise.all(this.#slots.map(({ process }) => process?.ended));
  }

  #kill(): void {
    for (const { process } of this.#slots) process?.kill();
  }

  #fork(slot: Slot): void {
    slot.state = 'starting';
    slot.failure = undefined;
    const process = this.#options.fork((message) => this.#heard(slot, message));
    slot.process = process;
    void process.ended.then((end) => this.#ended(slot, end));
  }

  #heard(slot: Slot, message: FromWorker): void {
    const { log } = this.#options;
    switch (message.kind) {
      case 'ready':
        if (this.#stopping) return;
        slot.process?.send(this.#options.orderFor(slot.number));
        slot.state = 'ordered';
        return;
      case 'serving':
        slot.state = 'serving';
        slot.servingSince = this.#options.clock.now();
        slot.failedStarts = 0;
        if (this.#begun) log.info({ worker: slot.number, pid: slot.process?.pid }, 'a new worker is serving');
        else if (this.#slots.every(({ state }) => state === 'serving')) {
          this.#begun = true;
          this.#allServing.resolve(message.url);
        }
        return;
      case 'failed':
        slot.failure = message.failure;
        return;
      default:
        this.#options.onReport(slot.number, message);
    }
  }

  #ended(slot: Slot, end: WorkerEnd): void {
    const { clock, log } = this.#options;
    const had = slot.state;
    const pid = slot.process?.pid;
    slot.process = undefined;
    slot.state = 'waiting';
    this.#options.onEnded(slot.number);
    if (this.#stopping) {
      if (had !== 'starting' && end.code !== 0) this.#clean = false;
      return;
    }
    if (had !== 'serving') slot.failedStarts += 1;
    if (this.#isHopeless(slot)) {
      this.#hopeless.resolve(slot.failure === undefined ? keepDying(slot, end) : new CliError(slot.failure));
      return;
    }
    const early = had !== 'serving' || clock.now() - slot.servingSince < STABLE_MS;
    slot.earlyEnds = early ? slot.earlyEnds + 1 : 0;
    const delayMs = restartDelayMs(slot.earlyEnds);
    log.error(
      { worker: slot.number, pid, ...outlined(end, slot.failure) },
      `a worker has ended; another one starts in ${delayMs} ms`,
    );
    slot.restart = setTimeout(() => this.#fork(slot), delayMs);
  }

  /** A start that failed for a reason ends a service that does not run yet; later ones may find better times. */
  #isHopeless(slot: Slot): boolean {
    if (!this.#begun && slot.failure !== undefined) return true;
    const noneServes = this.#slots.every(({ state }) => state !== 'serving');
    return slot.failedStarts >= TOO_MANY_FAILED_STARTS && (noneServes || !this.#begun);
  }
}

/** For the last lines of workers that are ended at once. */
const LAST_WORDS_MS = 300;

function hasOrder({ state }: Slot): boolean {
  return state === 'ordered' || state === 'serving';
}
