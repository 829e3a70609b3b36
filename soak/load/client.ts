// Sends requests as a balancer with readiness probes would: to the nodes in turn, and to the next one when a connection is
// refused. What was sent is never sent again.
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import type { AnswerBody, Exchange, Outcome } from '../exchange.ts';
import type { NodeFleet, NodeLife, NodePlace } from '../stack/node-fleet.ts';

/** Beyond what any operation takes; an answer that is later counts as none. */
const TIMEOUT_MS = 30_000;
const CONNECTIONS_PER_NODE = 256;
/** Far below the ten seconds after which the service closes an idle connection: a request could cross that on its way. */
const IDLE_MS = 2_000;

export class Client {
  readonly #fleet: NodeFleet;
  readonly #rootKey: string;
  readonly #agents = new Map<string, Agent>();
  #turn = 0;

  constructor(fleet: NodeFleet, rootKey: string) {
    this.#fleet = fleet;
    this.#rootKey = rootKey;
  }

  async call(operation: string, body: unknown): Promise<Exchange> {
    const tried = new Set<string>();
    for (;;) {
      const sentAt = Date.now();
      const ready = this.#fleet.readyLives().filter(({ life }) => !tried.has(life.id));
      const target = ready[this.#turn++ % Math.max(1, ready.length)];
      if (target === undefined) {
        return {
          sentAt,
          endedAt: sentAt,
          life: '',
          outcome: { kind: 'unsent', reason: 'no node was ready' },
        };
      }
      const { place, life } = target;
      const outcome = await this.#send(place, life, operation, JSON.stringify(body));
      if (outcome.kind !== 'unsent') return { sentAt, endedAt: Date.now(), life: life.id, outcome };
      // The probe finds out when it is back.
      life.ready = false;
      tried.add(life.id);
    }
  }

  /** Closes all connections. */
  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
  }

  #send({ port }: NodePlace, life: NodeLife, operation: string, body: string): Promise<Outcome> {
    let agent = this.#agents.get(life.id);
    if (agent === undefined) {
      agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS_PER_NODE, timeout: IDLE_MS });
      this.#agents.set(life.id, agent);
    }
    return new Promise((resolve) => {
      const sending = httpRequest(
        {
          host: '127.0.0.1',
          port,
          path: `/v2/${operation}`,
          method: 'POST',
          agent,
          signal: AbortSignal.timeout(TIMEOUT_MS),
          headers: {
            authorization: `Bearer ${this.#rootKey}`,
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(body),
          },
        },
        (response) => resolve(readAnswer(response)),
      );
      sending.on('error', (error: NodeJS.ErrnoException) => {
        const reason = error.code ?? error.message;
        resolve({ kind: error.code === 'ECONNREFUSED' ? 'unsent' : 'broken', reason });
      });
      sending.end(body);
    });
  }
}

async function readAnswer(response: IncomingMessage): Promise<Outcome> {
  const status = response.statusCode ?? 0;
  try {
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) text += chunk;
    return { kind: 'answered', status, body: JSON.parse(text) as AnswerBody };
  } catch (error) {
    return { kind: 'broken', reason: `in the answer: ${error instanceof Error ? error.message : error}` };
  }
}
