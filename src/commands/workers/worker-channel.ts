import cluster from 'node:cluster';
import type { FromWorker, OfKind, ToWorker } from './messages.ts';

/** A worker's end of the channel to the primary process. */
export interface WorkerChannel {
  /** Calls back for each message of the kind, instead of whoever did before. */
  on<Kind extends ToWorker['kind']>(kind: Kind, listener: (message: OfKind<ToWorker, Kind>) => void): void;
  /** Resolves when the operating system has the message, or there is nobody left to take it. */
  send(message: FromWorker): Promise<void>;
  /** Calls back when the primary process has gone. */
  onAbandoned(listener: () => void): void;
}

/** The channel of this process, which has to be a worker of node:cluster. */
export function processChannel(): WorkerChannel {
  const { worker } = cluster;
  if (worker === undefined) throw new Error('a worker is started by unkey api serve, not by itself');
  const listeners = new Map<string, (message: never) => void>();
  process.on('message', (message: ToWorker) => listeners.get(message.kind)?.(message as never));
  return {
    on: (kind, listener) => {
      listeners.set(kind, listener);
    },
    send: (message) =>
      new Promise((resolve) => {
        // What cannot be sent any more has no reader: the primary's end is told by `onAbandoned`.
        if (process.connected && process.send) process.send(message, undefined, {}, () => resolve());
        else resolve();
      }),
    onAbandoned: (listener) => {
      worker.once('disconnect', () => {
        // Node would end this process at once, with requests in flight and counters unwritten.
        worker.exitedAfterDisconnect = true;
        listener();
      });
    },
  };
}
