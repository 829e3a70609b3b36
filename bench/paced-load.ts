// Requests that arrive at their times, whatever becomes of those before them: how long they take then includes the wait
// behind a server that pauses, which a generator that waits for answers never sees.
import { connect, type Socket } from 'node:net';
import { type Measured, measuredOf } from './load.ts';

export interface PacedLoad {
  readonly url: string;
  readonly path: string;
  readonly authorization: string;
  readonly body: string;
  /** A text that every right answer holds. */
  readonly expected: string;
  readonly connections: number;
  /** Arrivals a second, evenly spread. */
  readonly rate: number;
  readonly requests: number;
}

const TICK_MS = 1;
const HEAD_END = '\r\n\r\n';

/**
 * Drives one server over keep-alive connections; an arrival that finds none free waits for one, which counts.
 *
 * @throws Error when any answer was not a right one, or a connection broke
 */
export async function drivePaced(load: PacedLoad): Promise<Measured> {
  const { hostname, port } = new URL(load.url);
  const sockets = await Promise.all(
    Array.from({ length: load.connections }, () => connected(Number(port), hostname)),
  );
  const request = requestText(load, hostname);
  const idle: Socket[] = [];
  const waiting: number[] = [];
  const durations: number[] = [];
  const done = Promise.withResolvers<void>();

  const dispatch = (): void => {
    while (idle.length > 0 && waiting.length > 0) {
      // In turn: a connection that is left alone is closed by the server after a while.
      const [socket, arrivedAt] = [idle.shift(), waiting.shift()];
      if (socket === undefined || arrivedAt === undefined) return;
      exchange(socket, request, (answer) => {
        if (!answer.startsWith('HTTP/1.1 200') || !answer.includes(load.expected)) {
          done.reject(new Error(`${load.path} answered ${answer.slice(0, 300)}`));
          return;
        }
        durations.push(performance.now() - arrivedAt);
        idle.push(socket);
        if (durations.length === load.requests) done.resolve();
        dispatch();
      });
    }
  };
  for (const socket of sockets) {
    socket.once('error', done.reject).once('close', () => done.reject(new Error('a connection was closed')));
    idle.push(socket);
  }
  const started = performance.now();
  let arrived = 0;
  const ticking = setInterval(() => {
    const now = performance.now();
    const due = Math.min(load.requests, Math.floor(((now - started) / 1000) * load.rate));
    for (; arrived < due; arrived++) waiting.push(now);
    dispatch();
  }, TICK_MS);
  try {
    await done.promise;
    return measuredOf(durations, performance.now() - started);
  } finally {
    clearInterval(ticking);
    for (const socket of sockets) socket.destroy();
  }
}

function connected(port: number, host: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host, noDelay: true }, () => resolve(socket));
    socket.setEncoding('utf8').once('error', reject);
  });
}

function requestText({ path, authorization, body }: PacedLoad, host: string): string {
  const head = [
    `POST ${path} HTTP/1.1`,
    `host: ${host}`,
    `authorization: ${authorization}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  return `${head.join('\r\n')}${HEAD_END}${body}`;
}

/** Sends one request and hands over the whole answer. The subject sends ASCII, with its length. */
function exchange(socket: Socket, request: string, onAnswer: (answer: string) => void): void {
  let answer = '';
  const take = (chunk: string): void => {
    answer += chunk;
    const head = answer.indexOf(HEAD_END);
    if (head === -1) return;
    const length = Number(/content-length: (\d+)/i.exec(answer)?.[1]);
    if (answer.length < head + HEAD_END.length + length) return;
    socket.off('data', take);
    onAnswer(answer);
  };
  socket.on('data', take);
  socket.write(request);
}
