import { hostname } from 'node:os';
import { type Command, Option } from 'commander';
import type { Job, JobServices } from '../../services/jobs/job.ts';
import type { JobLeaseRow } from '../../storage/sql/queries/job-leases.ts';
import { addStoreOptions, withCurrentStore } from '../admin/store.ts';
import { time } from '../admin/table.ts';
import { CliError } from '../cli/cli-error.ts';
import type { CliContext, Invocation } from '../cli/context.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { annotate } from '../cli/notes.ts';
import type { JobSelection } from './selection.ts';
import { withJobServices } from './services.ts';

type RunFlags = {
  readonly date?: string;
  readonly force?: boolean;
  readonly dryRun?: boolean;
} & Record<string, unknown>;

export function registerRun(group: Command, cli: CliContext): void {
  const command = annotate(group.command('run').description('run a background job now'), {
    remarks:
      'Takes the same lease as the servers, so a job never runs twice at a time, and records the run, so that they do not repeat it. Balances that servers hold in Redis are dropped in the one that redis_url of the configuration names.',
    examples: [
      ['unkey jobs run key-refill', "today's refill, unless it is done"],
      ['unkey jobs run key-refill --date 2026-10-31', 'the refill of a day that was missed'],
      ['unkey jobs run audit-cleanup --dry-run', 'how much there is to do'],
    ],
    exitCodes: [
      ['0', 'done, or done before'],
      ['2', 'no such job, or a date that it cannot be run for'],
      [
        '6',
        'another runner is at it, the job is not for this kind of store, or its analytics store is not at hand',
      ],
      ['8', 'a store does not answer'],
    ],
  })
    .argument('<name>', "name of the job, as 'unkey jobs list' prints it")
    .addOption(new Option('--date <day>', 'the day to run key-refill for, YYYY-MM-DD in UTC (default today)'))
    .addOption(
      new Option(
        '--force',
        'refill although the run of that day is done: keys that were not due then may be now',
      ),
    )
    .addOption(new Option('--dry-run', 'print what would be done and write nothing'));
  addStoreOptions(command);

  command.action(
    cli.action<RunFlags, [string]>(run, {
      interruptedHint: 'finished batches stay done; run it again for the rest',
    }),
  );
}

async function run(invocation: Invocation<RunFlags, [string]>): Promise<void> {
  const { options, args } = invocation;
  const [{ jobs }, { selectRun }, { systemClock }] = await Promise.all([
    import('../../services/jobs/jobs.ts'),
    import('./selection.ts'),
    import('../../lib/clock.ts'),
  ]);
  const selection = selectRun(jobs, { name: args[0], date: options.date, now: systemClock.now() });
  await withCurrentStore(invocation, async (db) => {
    const { isForStore } = await import('../../services/jobs/job.ts');
    if (!isForStore(selection.job, db.dialect)) throw notForThisStore(selection.job);
    if (options.dryRun === true) return plan(invocation, selection, { db, clock: systemClock });
    return withJobServices(invocation, selection.job, db, (services) =>
      runNow(invocation, selection, services),
    );
  });
}

async function plan(
  { options, output }: Invocation<RunFlags, [string]>,
  selection: JobSelection,
  services: Pick<JobServices, 'db' | 'clock'>,
): Promise<void> {
  const { job, dueAt } = selection;
  const wouldRun = options.force === true || !(await isDone(selection, services));
  const pending = wouldRun ? await job.pending?.({ ...services, dueAt }) : 0;
  const document = { dryRun: true, job: job.name, dueAt: time(dueAt), wouldRun, pending: pending ?? null };
  output.result(document, () => {
    if (!wouldRun) return doneBefore(job, dueAt);
    return pending === undefined ? `would run ${job.name}` : `would end with ${pending} ${job.counts}`;
  });
}

async function runNow(
  { options, output, signal }: Invocation<RunFlags, [string]>,
  selection: JobSelection,
  services: JobServices,
): Promise<void> {
  const [{ runJob }, { runnerName }, { LeaseLostError }] = await Promise.all([
    import('../../services/jobs/run-job.ts'),
    import('../../services/jobs/start-jobs.ts'),
    import('../../services/jobs/job-lease.ts'),
  ]);
  const { job, dueAt } = selection;
  const progress = output.progress();
  const deps = {
    ...services,
    owner: runnerName(`cli-${hostname()}`),
    progress: (done: number) => progress.update(`${job.name}: ${done} ${job.counts}`),
  };
  const outcome = await runJob(deps, job, {
    dueAt,
    stop: signal,
    mayRun: async () => options.force === true || !(await isDone(selection, services)),
  }).catch((error: unknown) => {
    progress.done(`${job.name}: ended early`);
    throw error instanceof LeaseLostError ? lostToAnother(job, error) : error;
  });
  if ('heldBy' in outcome) throw heldByAnother(job, outcome.heldBy);
  const { result: done } = outcome;
  if (done !== undefined) progress.done(`${job.name}: done`);
  output.result({ job: job.name, dueAt: time(dueAt), ran: done !== undefined, done: done ?? 0 }, () =>
    done === undefined ? doneBefore(job, dueAt) : `${done} ${job.counts}`,
  );
}

/** Whether the run that is meant was the last to be finished. Only a run for a day can be done before. */
async function isDone({ job, dueAt }: JobSelection, { db }: Pick<JobServices, 'db'>): Promise<boolean> {
  const { readHistory } = await import('../../services/jobs/job-history.ts');
  return job.perDay === true && (await readHistory(db.primary, job)).finished?.dueAt === dueAt;
}

function doneBefore(job: Job, dueAt: number): string {
  return `${job.name} is done for ${time(dueAt).slice(0, 10)} already; --force runs it again`;
}

function notForThisStore(job: Job): CliError {
  return new CliError({
    exitCode: EXIT.conflict,
    code: 'job_not_for_store',
    title: 'job not for this store',
    detail: `${job.name} has nothing to do on this kind of database`,
  });
}

function lostToAnother(job: Job, cause: Error): CliError {
  return new CliError({
    exitCode: EXIT.conflict,
    code: 'job_lease_lost',
    title: 'lease lost',
    detail: `${cause.message}; finished batches stay done`,
    hint: `run 'unkey jobs run ${job.name}' again; what is done is not done twice`,
    cause,
  });
}

function heldByAnother(job: Job, { owner, expiresAt }: JobLeaseRow): CliError {
  return new CliError({
    exitCode: EXIT.conflict,
    code: 'job_running',
    title: 'job running',
    detail: `${job.name} is being run by ${owner}, whose lease ends at ${time(expiresAt)} unless it is renewed`,
    hint: "wait for it; 'unkey jobs list' shows when it is finished",
  });
}
