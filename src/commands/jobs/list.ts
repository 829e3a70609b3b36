import type { Command } from 'commander';
import type { Job } from '../../services/jobs/job.ts';
import type { JobStatus } from '../../services/jobs/list-jobs.ts';
import { addStoreOptions, withCurrentStore } from '../admin/store.ts';
import { table, time } from '../admin/table.ts';
import type { CliContext } from '../cli/context.ts';
import { annotate } from '../cli/notes.ts';

export function registerList(group: Command, cli: CliContext): void {
  const command = annotate(group.command('list').description('list background jobs and their last runs'), {
    remarks: 'Schedules are in UTC: minute, hour, day of month, month, day of week.',
    examples: [
      ['unkey jobs list', 'when each job is due, when it was last finished, who is running it'],
      ['unkey jobs list --json', 'the same for a program'],
    ],
  });
  addStoreOptions(command);

  command.action(
    cli.action(async (invocation) => {
      const [{ listJobs }, { jobs }, { systemClock }] = await Promise.all([
        import('../../services/jobs/list-jobs.ts'),
        import('../../services/jobs/jobs.ts'),
        import('../../lib/clock.ts'),
      ]);
      const { config } = await invocation.loadConfig({ profile: 'tool' });
      const hasAnalytics = config.clickhouse.url !== undefined;
      const statuses = await withCurrentStore(invocation, (db) =>
        listJobs({ db, hasAnalytics, clock: systemClock }, jobs),
      );
      invocation.output.result({ jobs: statuses.map(document) }, () =>
        table([
          ['NAME', 'SCHEDULE', 'LAST DUE', 'FINISHED AT', 'RUNNING', 'DOES'],
          ...statuses.map(({ job, scheduled, lastFinished, runner }) => [
            job.name,
            scheduled ? job.schedule : unscheduled(job),
            time(lastFinished?.dueAt ?? null),
            time(lastFinished?.at ?? null),
            runner?.owner ?? '-',
            job.description,
          ]),
        ]),
      );
    }),
  );
}

function unscheduled(job: Job): string {
  return job.needs === 'analytics' ? 'needs clickhouse.url' : 'not on this store';
}

function document({ job, scheduled, lastFinished, runner }: JobStatus): object {
  return {
    name: job.name,
    description: job.description,
    schedule: job.schedule,
    scheduled,
    needs: job.needs ?? null,
    lastFinished:
      lastFinished === undefined
        ? null
        : { dueAt: time(lastFinished.dueAt), finishedAt: time(lastFinished.at) },
    leaseHolder: runner?.owner ?? null,
    leaseUntil: runner === undefined ? null : time(runner.leaseUntil),
  };
}
