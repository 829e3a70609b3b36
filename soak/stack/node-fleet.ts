// The nodes of a soak: `unkey api serve` as processes, each in a place of its own (name, ports) that it comes back to.
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../test/support/servers-local.ts';
import { startUnkey, type UnkeyProcess, untilStarted } from '../../test/support/unkey-process.ts';
import { type BufferCounts, readBufferCounts } from '../measure/buffer-counts.ts';
import type { Violations } from '../violations.ts';

/** One life of a node, from its start to its end. */
export interface NodeLife {
  /** `api-2#3` */
  readonly id: string;
  readonly process: UnkeyProcess;
  /** Unix milliseconds. */
  readonly startedAt: number;
  /** How it is being ended, if it is. */
  ending: 'no' | 'killed' | 'stopped';
  /** Whether it takes requests, as a balancer would know. */
  ready: boolean;
  /** What its buffers had done when it was last asked. */
  buffers: BufferCounts;
  /** Rows that workers which were killed may have taken with them, by name of the buffer. */
  readonly lostRows: Record<string, number>;
}

export interface NodePlace {
  readonly name: string;
  readonly url: string;
  readonly port: number;
  readonly workers: number;
  readonly metricsUrl: string;
  readonly env: Readonly<Record<string, string>>;
  /** All lives so far; the last one may have ended. */
  readonly lives: NodeLife[];
}

export interface FleetOptions {
  /** Workers of each node. */
  readonly workers: readonly number[];
  /** Settings that all nodes share. */
  readonly env: Readonly<Record<string, string>>;
  /** A folder without a configuration file. */
  readonly folder: string;
  /** The program instead of the checkout's launcher. */
  readonly program: string | undefined;
}

const READY_EVERY_MS = 250;
const SCRAPE_EVERY_MS = 2_000;
const PROBE_TIMEOUT_MS = 2_000;
/** As the first line of bin/unkey does for everybody who runs the executable. */
const NODE_OPTIONS = '--max-semi-space-size=8';

export class NodeFleet {
  readonly places: readonly NodePlace[];
  readonly #options: FleetOptions;
  readonly #violations: Violations;
  readonly #closing = new AbortController();
  readonly #watching: Promise<void>[] = [];

  private constructor(places: readonly NodePlace[], options: FleetOptions, violations: Violations) {
    this.places = places;
    this.#options = options;
    this.#violations = violations;
  }

  /** Starts one node after the other, and resolves once all accept requests. */
  static async start(options: FleetOptions, violations: Violations): Promise<NodeFleet> {
    const places: NodePlace[] = [];
    for (const [index, workers] of options.workers.entries()) {
      const [port, metricsPort] = [await freePort(), await freePort()];
      const name = `api-${index + 1}`;
      places.push({
        name,
        port,
        workers,
        url: `http://127.0.0.1:${port}`,
        metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
        lives: [],
        env: {
          UNKEY_INSTANCE_ID: name,
          UNKEY_HTTP_PORT: String(port),
          UNKEY_SERVER_WORKERS: String(workers),
          UNKEY_OBSERVABILITY_METRICS_PROMETHEUS_PORT: String(metricsPort),
          // Members of a gossip cluster meet on one port, so each needs an address of its own.
          UNKEY_GOSSIP_BIND_ADDR: `127.0.0.${index + 1}`,
        },
      });
    }
    const fleet = new NodeFleet(places, options, violations);
    try {
      for (const place of places) await fleet.startNode(place);
    } catch (error) {
      await fleet.stop();
      throw error;
    }
    fleet.#watching.push(fleet.#every(READY_EVERY_MS, probe), fleet.#every(SCRAPE_EVERY_MS, scrape));
    return fleet;
  }

  /** The lives that take requests, in the order of their places. */
  readyLives(): { readonly place: NodePlace; readonly life: NodeLife }[] {
    return this.places.flatMap((place) => {
      const life = place.lives.at(-1);
      return life?.ready ? [{ place, life }] : [];
    });
  }

  /** Every process that decides requests. */
  get processes(): number {
    return this.places.reduce((sum, { workers }) => sum + workers, 0);
  }

  /** How many processes answer for the node of that life. */
  processesOf(lifeId: string): number {
    return this.places.find(({ lives }) => lives.some(({ id }) => id === lifeId))?.workers ?? 1;
  }

  async startNode(place: NodePlace): Promise<void> {
    const process = startUnkey(['api', 'serve'], {
      cwd: this.#options.folder,
      env: { ...this.#options.env, ...place.env, NODE_OPTIONS },
      ...(this.#options.program === undefined ? {} : { program: this.#options.program }),
    });
    const life: NodeLife = {
      id: `${place.name}#${place.lives.length + 1}`,
      process,
      startedAt: Date.now(),
      ending: 'no',
      ready: false,
      buffers: {},
      lostRows: {},
    };
    place.lives.push(life);
    process.ended.then(({ code, signal, stderr }) => {
      life.ready = false;
      this.#violations.check(
        'processes',
        life.ending === 'killed' || (life.ending === 'stopped' && code === 0),
        () => `${life.id} ended with ${signal ?? code}: ${stderr.slice(-500)}`,
      );
    });
    await untilStarted(process, place.url);
    await probe(place, life);
  }

  /** SIGKILL; resolves when it is gone, workers included. */
  async killNode(place: NodePlace): Promise<void> {
    const life = place.lives.at(-1);
    if (life === undefined) return;
    await scrape(place, life);
    life.ending = 'killed';
    await life.process.end('SIGKILL');
  }

  /** SIGTERM; resolves when it has drained and is gone. */
  async stopNode(place: NodePlace): Promise<void> {
    const life = place.lives.at(-1);
    if (life === undefined || life.ending !== 'no') return;
    await scrape(place, life);
    life.ending = 'stopped';
    await life.process.end('SIGTERM');
  }

  /** Asks every living node what its buffers did. */
  async scrapeAll(): Promise<void> {
    await this.#each(scrape);
  }

  /** All lives so far. */
  get lives(): readonly NodeLife[] {
    return this.places.flatMap(({ lives }) => lives);
  }

  async stop(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#watching);
    await Promise.all(this.places.map((place) => this.stopNode(place)));
  }

  async #every(ms: number, look: Look): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.#each(look);
      await sleep(ms, undefined, { signal }).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
    }
  }

  async #each(look: Look): Promise<void> {
    await Promise.all(
      this.places.map(async (place) => {
        const life = place.lives.at(-1);
        // One that drains is asked too: that it is not ready any more is what keeps clients away before it ends.
        if (life !== undefined && life.ending !== 'killed') await look(place, life);
      }),
    );
  }
}

type Look = (place: NodePlace, life: NodeLife) => Promise<void>;

async function probe({ url }: NodePlace, life: NodeLife): Promise<void> {
  const answer = await get(`${url}/health/ready`);
  // One that is late with its answer is busy: only a refusal, or nobody there, takes it out.
  if (answer !== 'late') life.ready = answer !== 'refused' && life.ending !== 'killed';
}

async function scrape({ metricsUrl }: NodePlace, life: NodeLife): Promise<void> {
  const answer = await get(metricsUrl);
  if (typeof answer === 'object') life.buffers = readBufferCounts(answer.text);
}

/** The text of a 200, or why there is none. */
async function get(url: string): Promise<{ readonly text: string } | 'refused' | 'late'> {
  const signal = AbortSignal.timeout(PROBE_TIMEOUT_MS);
  try {
    const response = await fetch(url, { signal });
    const text = await response.text();
    return response.ok ? { text } : 'refused';
  } catch {
    return signal.aborted ? 'late' : 'refused';
  }
}
