// Memory and open files of the product's processes over the run.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Stack } from '../stack/stack.ts';
import { processTree, sampleProcess } from './processes.ts';

export interface Sample {
  /** Unix milliseconds. */
  readonly at: number;
  readonly residentMb: number;
  readonly openFiles: number;
}

/** One process from its first sample to its last. */
export interface SampledProcess {
  /** `api-2#3`, `api-3#1 worker 4711`, `vault 815`. */
  readonly name: string;
  /** What its place is called in plots: `api-2`, `api-3 worker`. */
  readonly place: string;
  readonly samples: Sample[];
}

const EVERY_MS = 2_000;

export class Sampler {
  readonly #processes = new Map<string, SampledProcess>();
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;

  constructor(stack: Pick<Stack, 'fleet' | 'vault'>) {
    this.#running = this.#run(stack);
  }

  get processes(): SampledProcess[] {
    return [...this.#processes.values()];
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(stack: Pick<Stack, 'fleet' | 'vault'>): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.#sample(stack);
      await sleep(EVERY_MS, undefined, { signal }).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
    }
  }

  async #sample({ fleet, vault }: Pick<Stack, 'fleet' | 'vault'>): Promise<void> {
    for (const { name, lives } of fleet.places) {
      const life = lives.at(-1);
      if (life === undefined || life.ending !== 'no') continue;
      const [primary, ...workers] = await processTree(life.process.pid);
      if (primary === undefined) continue;
      await this.#add(life.id, name, primary);
      for (const worker of workers) await this.#add(`${life.id} worker ${worker}`, `${name} worker`, worker);
    }
    await this.#add(`vault ${vault.pid()}`, 'vault', vault.pid());
  }

  async #add(name: string, place: string, pid: number): Promise<void> {
    const sample = await sampleProcess(pid);
    if (sample === undefined) return;
    let known = this.#processes.get(name);
    if (known === undefined) {
      known = { name, place, samples: [] };
      this.#processes.set(name, known);
    }
    known.samples.push({ at: Date.now(), residentMb: sample.residentMb, openFiles: sample.openFiles });
  }
}
