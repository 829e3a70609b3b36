// The load generator: a process of its own, so that measuring costs the measured nothing but their machine.
import { fileURLToPath } from 'node:url';
import type { Job, Measured } from './generator/job.ts';
import { startWorker, type Worker } from './worker.ts';

const PROCESS = fileURLToPath(new URL('./generator/process.ts', import.meta.url));

/** A generator for one job after the other. A job fails when any answer was not a right one: failures are not measured. */
export function startGenerator(): Worker<Job> {
  return startWorker<Job>(PROCESS);
}

/** Has a generator of its own drive one server. @throws Error when any answer was not a right one */
export async function drive(job: Job): Promise<Measured> {
  const generator = startGenerator();
  try {
    return await generator.run(job);
  } finally {
    generator.stop();
  }
}
