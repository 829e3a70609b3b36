// The load generator, a process of its own: takes one job after the other from the process that started it.
import { driveJob } from './drive.ts';
import type { Job, Outcome } from './job.ts';

process.on('message', (job: Job) => {
  driveJob(job).then(
    (measured) => tell({ measured }),
    (error: unknown) => tell({ error: error instanceof Error ? error.message : String(error) }),
  );
});
process.once('disconnect', () => process.exit(0));

function tell(outcome: Outcome): void {
  if (process.send === undefined) throw new Error('the generator is started by generator.ts');
  process.send(outcome);
}
