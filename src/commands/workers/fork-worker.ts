import cluster, { type Worker } from 'node:cluster';
import { fileURLToPath } from 'node:url';
import type { FromWorker, ToWorker } from './messages.ts';

/** How a worker process ended. */
export interface WorkerEnd {
  /** null when a signal ended it, or it could not be started. */
  readonly code: number | null;
  readonly signal: string | null;
  /** Why it could not be started. */
  readonly error?: Error;
}

/** The primary's end of one worker process. */
export interface WorkerProcess {
  /** undefined when it could not be started. */
  readonly pid: number | undefined;
  /** A worker that has gone gets nothing; `ended` tells. */
  send(message: ToWorker): void;
  /** SIGKILL. */
  kill(): void;
  readonly ended: Promise<WorkerEnd>;
}

/** Starts a worker process and calls back for each of its messages. */
export type ForkWorker = (onMessage: (message: FromWorker) => void) => WorkerProcess;

/** The entry beside the command line's own, as source in a checkout and compiled in a package. */
const ENTRY = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../worker.ts' : '../../worker.js', import.meta.url),
);

/** Workers of node:cluster: what they listen on is shared, and connections reach them in turn. */
export const forkWorker: ForkWorker = (onMessage) => {
  // No arguments: what a worker has to know reaches it over the channel, where `ps` does not look.
  cluster.setupPrimary({ exec: ENTRY, args: [], serialization: 'advanced' });
  const worker: Worker = cluster.fork();
  worker.on('message', onMessage);
  return {
    pid: worker.process.pid,
    ended: endOf(worker),
    send: (message) => {
      if (worker.isConnected()) worker.send(message);
    },
    kill: () => void worker.process.kill('SIGKILL'),
  };
};

async function endOf(worker: Worker): Promise<WorkerEnd> {
  const exited = Promise.withResolvers<WorkerEnd>();
  const disconnected = Promise.withResolvers<void>();
  worker.once('exit', (code: number | null, signal: string | null) => exited.resolve({ code, signal }));
  worker.once('disconnect', disconnected.resolve);
  worker.on('error', (error) => {
    // Of one that runs it only says that a message could not be sent any more, which its end explains.
    if (worker.process.pid !== undefined) return;
    exited.resolve({ code: null, signal: null, error });
    disconnected.resolve();
  });
  // What a worker said last may arrive after the news of its end.
  await disconnected.promise;
  return exited.promise;
}
