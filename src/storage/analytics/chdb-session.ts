import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Mutex } from 'async-mutex';
import { abortable } from './abortable.ts';
import type { ChdbEngineSession, ChdbPackage } from './chdb-package.ts';
import { abortedError, engineError } from './engine-errors.ts';
import { LINE_FORMAT } from './row-lines.ts';
import { AnalyticsStoreError } from './store-error.ts';

/** Settings of the engine by name; those that refuse changes of settings come last. */
export type EngineSettings = Readonly<Record<string, string | number>>;

export interface ChdbRun {
  /** ClickHouse's name of the output format. */
  readonly format: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly signal?: AbortSignal | undefined;
}

export interface ChdbInsert {
  readonly table: string;
  readonly columns: readonly string[];
  /** One line a row. */
  readonly payload: Buffer;
  readonly settings: EngineSettings;
}

/** Tells the engine to end what the session with that tag runs. It may find nothing yet, or nothing any more. */
export type KillStatement = (tag: string) => Promise<void>;

/** Milliseconds between two orders to end a statement, which the engine may not have begun at the first. */
const KILL_INTERVAL_MS = 50;

export interface ChdbSessionOptions {
  readonly chdb: ChdbPackage;
  readonly directory: string;
  /** Fixed for the life of the session. */
  readonly settings: EngineSettings;
  /** The database of unqualified names; the engine's own default unless given. */
  readonly database?: string | undefined;
  readonly kill: KillStatement;
}

/**
 * One session of the engine. It runs one statement after the other: the queue stands here and not in the engine, where
 * each waiting statement would hold one of libuv's few threads.
 */
export class ChdbSession {
  readonly #options: ChdbSessionOptions;
  readonly #tag = `unkey-${randomUUID()}`;
  readonly #turn = new Mutex();
  #session: ChdbEngineSession;
  #prepared = false;
  #running = false;
  #stopping: Promise<void> | undefined;

  /** @throws Error when the engine cannot open the directory. */
  constructor(options: ChdbSessionOptions) {
    this.#options = options;
    this.#session = this.#open();
  }

  /** The answer in the asked-for format; does not wait for the engine once the signal fires. @throws AnalyticsStoreError */
  run(statement: string, options: ChdbRun): Promise<Uint8Array> {
    return abortable(this.runToEnd(statement, options), options.signal);
  }

  /** The same, but settles when the engine is done, which the signal only hastens. @throws AnalyticsStoreError */
  async runToEnd(statement: string, { format, parameters, signal }: ChdbRun): Promise<Uint8Array> {
    const result = await this.#inTurn(signal, () =>
      parameters === undefined
        ? this.#session.queryAsync(statement, { format })
        : this.#session.queryBindAsync(statement, parameters, { format }),
    );
    return result.bytes();
  }

  /** @throws AnalyticsStoreError */
  async insert({ table, columns, payload, settings }: ChdbInsert): Promise<void> {
    await this.#inTurn(undefined, () =>
      this.#session.insert({ table, columns, values: payload, format: LINE_FORMAT, settings }),
    );
  }

  /** Ends what the session runs now, as soon as the engine notices. */
  stop(): void {
    if (this.#running) this.#stopping ??= this.#killUntilDone();
  }

  /** Waits for what the session still works on. */
  async close(): Promise<void> {
    await this.#turn.runExclusive(() => this.#session.close());
  }

  #inTurn<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    return this.#turn.runExclusive(async () => {
      if (signal?.aborted) throw abortedError(signal);
      const stop = () => this.stop();
      signal?.addEventListener('abort', stop, { once: true });
      this.#running = true;
      try {
        await this.#prepare();
        return await work();
      } catch (error) {
        this.#renew();
        throw asStoreError(error);
      } finally {
        this.#running = false;
        signal?.removeEventListener('abort', stop);
        // An order to end this statement must not meet the next one.
        await this.#stopping;
        this.#stopping = undefined;
      }
    });
  }

  #open(): ChdbEngineSession {
    const { chdb, directory, settings } = this.#options;
    return new chdb.Session(directory, {
      connectionArgs: Object.entries({ log_comment: this.#tag, ...settings }).map(
        ([name, value]) => `--${name}=${value}`,
      ),
    });
  }

  async #prepare(): Promise<void> {
    const { database } = this.#options;
    if (this.#prepared) return;
    if (database !== undefined) await this.#session.queryAsync(`USE ${database}`, { format: 'Null' });
    this.#prepared = true;
  }

  /** What the engine had written of an answer when its statement failed would come before the answer to the next one. */
  #renew(): void {
    if (!this.#session.open) return;
    this.#session.close();
    this.#session = this.#open();
    this.#prepared = false;
  }

  async #killUntilDone(): Promise<void> {
    while (this.#running) {
      try {
        await this.#options.kill(this.#tag);
      } catch {
        // The statement then ends by itself, at the latest at its limit of time.
        return;
      }
      await sleep(KILL_INTERVAL_MS);
    }
  }
}

function asStoreError(error: unknown): AnalyticsStoreError {
  if (!(error instanceof Error)) return new AnalyticsStoreError('server', String(error));
  if (hasCode(error, 'CHDB_CLOSED')) {
    return new AnalyticsStoreError('network', 'the analytics store is closed', { cause: error });
  }
  return engineError(error.message, { cause: error });
}

function hasCode(error: Error, code: string): boolean {
  return 'code' in error && error.code === code;
}
