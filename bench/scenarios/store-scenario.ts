// A scenario whose floor is what the store itself takes for the same: rounds of bare statements and subject in turn, on the
// same database.
import { fileURLToPath } from 'node:url';
import type { Bed } from '../bed.ts';
import type { JobStatement, SqlJob } from '../floors/sql-job.ts';
import type { Job } from '../generator/job.ts';
import { processorMsOf } from '../processes.ts';
import { type Round, type Sample, type ScenarioRow, summary } from '../rows.ts';
import type { Subject } from '../subject.ts';
import { startWorker } from '../worker.ts';
import type { Traffic } from './http-scenario.ts';

const PROCESS = fileURLToPath(new URL('../floors/sql-process.ts', import.meta.url));

/** What one scenario sends to its server, and the statements that this comes down to. */
export interface StoreTraffic extends Traffic {
  readonly floor: Pick<SqlJob, 'writes'> & {
    readonly is: string;
    /** The statements of one request each. */
    readonly variants: readonly (readonly JobStatement[])[];
  };
  readonly note?: string;
}

/** Measures an operation beside its statements, with as many connections to the store as to the server. */
export async function measureOnStore(
  name: string,
  bed: Bed,
  prepare: (subject: Subject, bed: Bed) => Promise<StoreTraffic>,
): Promise<ScenarioRow> {
  const { plan, installation } = bed;
  const subject = await bed.startSubject();
  const floor = startWorker<SqlJob>(PROCESS);
  try {
    bed.pinServer(floor.pid);
    const { operation, bodies, expected, floor: statements, note } = await prepare(subject, bed);
    const { is, variants, writes } = statements;
    const floorSample = async (seconds: number): Promise<Sample> => {
      const before = processorMsOf(floor.pid);
      const { connections } = plan;
      const measured = await floor.run({
        database: installation.database,
        connections,
        seconds,
        variants,
        writes,
      });
      return { measured, processorMs: processorMsOf(floor.pid) - before };
    };
    const job: Omit<Job, 'pace'> = {
      url: subject.url,
      path: `/v2/${operation}`,
      authorization: subject.authorization,
      bodies: bodies.map((body) => JSON.stringify(body)),
      expected,
      connections: plan.connections,
    };
    const subjectSample = async (seconds: number): Promise<Sample> => {
      const before = subject.processorMs();
      const measured = await bed.generator.run({ ...job, pace: { kind: 'closed', extent: { seconds } } });
      return { measured, processorMs: subject.processorMs() - before };
    };
    await floorSample(plan.warmUpSeconds);
    await subjectSample(plan.warmUpSeconds);
    const rounds: Round[] = [];
    for (let round = 0; round < plan.rounds; round++) {
      rounds.push({ floor: await floorSample(plan.seconds), subject: await subjectSample(plan.seconds) });
    }
    const { floorFigures, ...figures } = summary(rounds);
    return {
      name,
      backend: bed.backend,
      ...figures,
      floor: { is, ...floorFigures },
      rssPeakBytes: subject.memory().peakBytes,
      ...(note === undefined ? {} : { note }),
    };
  } finally {
    floor.stop();
    await subject.stop();
  }
}
