// A process of ours that takes one job after the other: the load generator, and the floor of statements.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Measured, Outcome } from './generator/job.ts';

export interface Worker<Job> {
  readonly pid: number;
  /** One at a time. @throws Error with what the process says went wrong */
  run(job: Job): Promise<Measured>;
  /** The process ends, at the latest with this one. */
  stop(): void;
}

/** @param file the module that the process runs; it answers each message with an {@link Outcome} */
export function startWorker<Job extends object>(file: string): Worker<Job> {
  const child: ChildProcess = fork(file, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${file} could not be started`);
  const gone = once(child, 'exit').then(() => {
    throw new Error(`${file} ended`);
  });
  // Who waits for an outcome hears of it.
  gone.catch(() => undefined);
  return {
    pid,
    async run(job) {
      const told = once(child, 'message');
      child.send(job);
      const [outcome] = (await Promise.race([told, gone])) as [Outcome];
      if ('error' in outcome) throw new Error(outcome.error);
      return outcome.measured;
    },
    stop: () => void child.disconnect(),
  };
}
