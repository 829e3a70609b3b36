// The metrics of all workers as those of one service, for the one port on which they are scraped.
import { type Exposition, exposition } from '../../server/metrics/exposition.ts';
import type { MetricsRegistry } from '../../server/metrics/registry.ts';
import {
  lastingSeries,
  type MetricsSnapshot,
  mergeSnapshots,
  supervisingSeries,
} from '../../server/metrics/snapshot.ts';

/** How long a worker may take to answer, in milliseconds; after that its last answer counts. */
const ANSWER_MS = 2_000;

export interface WorkerMetricsOptions {
  /** The primary process's own. */
  readonly own: Pick<MetricsRegistry, 'snapshot'>;
  /** The workers that can be asked. */
  running(): readonly number[];
  ask(number: number, id: number): void;
}

interface Question {
  readonly unanswered: Set<number>;
  readonly done: () => void;
}

export class WorkerMetrics {
  readonly #options: WorkerMetricsOptions;
  readonly #last = new Map<number, MetricsSnapshot>();
  readonly #questions = new Map<number, Question>();
  /** Of the workers that have ended. */
  #left: Promise<MetricsSnapshot> = Promise.resolve([]);
  #nextId = 1;

  constructor(options: WorkerMetricsOptions) {
    this.#options = options;
  }

  /** All series, as Prometheus text or, when the Accept header asks for it, as OpenMetrics. */
  async expose(accept: string | undefined): Promise<Exposition> {
    const [own] = await Promise.all([this.#options.own.snapshot(), this.#askAll()]);
    const workers = [...this.#last.values()];
    const merged = mergeSnapshots([supervisingSeries(own), ...workers, await this.#left]);
    return exposition(await merged.metrics(), accept);
  }

  /** Takes a worker's answer. */
  answered(number: number, id: number, snapshot: MetricsSnapshot): void {
    this.#last.set(number, snapshot);
    this.#settle(number, this.#questions.get(id));
  }

  /** Keeps what a worker that has ended had counted. */
  ended(number: number): void {
    const last = this.#last.get(number);
    this.#last.delete(number);
    for (const question of this.#questions.values()) this.#settle(number, question);
    if (last === undefined) return;
    this.#left = this.#left.then((left) => mergeSnapshots([left, lastingSeries(last)]).getMetricsAsJSON());
  }

  #settle(number: number, question: Question | undefined): void {
    if (question?.unanswered.delete(number) && question.unanswered.size === 0) question.done();
  }

  /** Resolves when every running worker has answered, or had the time to. */
  async #askAll(): Promise<void> {
    const running = this.#options.running();
    if (running.length === 0) return;
    const answered = Promise.withResolvers<void>();
    const id = this.#nextId++;
    this.#questions.set(id, { unanswered: new Set(running), done: answered.resolve });
    const timeout = setTimeout(answered.resolve, ANSWER_MS);
    for (const number of running) this.#options.ask(number, id);
    await answered.promise;
    clearTimeout(timeout);
    this.#questions.delete(id);
  }
}
