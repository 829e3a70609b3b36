import type { ForkWorker, WorkerEnd, WorkerProcess } from '../../../src/commands/workers/fork-worker.ts';
import type { FromWorker, ToWorker } from '../../../src/commands/workers/messages.ts';

/** A worker process that does what a test says. */
export interface FakeWorker extends WorkerProcess {
  readonly received: ToWorker[];
  say(message: FromWorker): void;
  end(end: Partial<WorkerEnd>): void;
  readonly killed: boolean;
}

/** A fork that starts fakes; `started` holds them in the order of their start. */
export function fakeFork(): ForkWorker & { readonly started: FakeWorker[] } {
  const started: FakeWorker[] = [];
  const fork: ForkWorker = (onMessage) => {
    const ended = Promise.withResolvers<WorkerEnd>();
    const received: ToWorker[] = [];
    let killed = false;
    const worker: FakeWorker = {
      pid: 1000 + started.length,
      received,
      ended: ended.promise,
      send: (message) => void received.push(message),
      kill: () => {
        killed = true;
        ended.resolve({ code: null, signal: 'SIGKILL' });
      },
      say: onMessage,
      end: (end) => ended.resolve({ code: null, signal: null, ...end }),
      get killed() {
        return killed;
      },
    };
    started.push(worker);
    return worker;
  };
  return Object.assign(fork, { started });
}

/** The words of a worker that comes up. */
export function serve(worker: FakeWorker | undefined): void {
  worker?.say({ kind: 'ready' });
  worker?.say({ kind: 'serving', url: 'http://127.0.0.1:7070' });
}
