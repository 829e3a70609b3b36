// A scenario of one operation over HTTP: rounds of floor and subject in turn, so that whatever else the machine does falls
// on both.
import type { Bed } from '../bed.ts';
import type { ChildServer } from '../child-server.ts';
import { startHttpFloor } from '../floors/http-floor.ts';
import type { Job, Pace } from '../generator/job.ts';
import { processorMsOf } from '../processes.ts';
import { pacedSummary, type Round, type Sample, type ScenarioRow, summary } from '../rows.ts';
import type { Subject } from '../subject.ts';

/** What one scenario sends to its server. */
export interface Traffic {
  readonly operation: string;
  /** Sent in turn and from the start again. */
  readonly bodies: readonly unknown[];
  /** A text that every right answer holds. */
  readonly expected: string;
}

/** Bodies of which the subject may see each only once: a share for the warm-up and for each round. */
export interface SingleTraffic extends Omit<Traffic, 'bodies'> {
  readonly shares: readonly (readonly unknown[])[];
}

/** Share of what the subject can take at which the open model loads both. */
const PACED_SHARE = 0.7;
/** More than are busy at once unless the server pauses. */
const PACED_CONNECTIONS = 50;

/** A server under load. */
interface Driven {
  readonly url: string;
  readonly processorMs: () => number;
}

/** Measures an operation whose requests can be repeated. @param paced whether to measure at a fixed rate as well */
export async function measureHttp(
  name: string,
  bed: Bed,
  prepare: (subject: Subject, bed: Bed) => Promise<Traffic>,
  { paced }: { readonly paced: boolean },
): Promise<ScenarioRow> {
  const { plan } = bed;
  return onSubjectAndFloor(bed, prepare, async (subject, floor, traffic) => {
    const job = jobOf(subject, traffic, traffic.bodies);
    const lasting = (seconds: number): Pace => ({ kind: 'closed', extent: { seconds } });
    // Every body at least once, so that all of them are warm.
    const requests = Math.max(traffic.bodies.length, plan.warmUpRequests);
    const warmUp: UnplacedJob = {
      ...job,
      connections: plan.connections,
      pace: { kind: 'closed', extent: { requests } },
    };
    for (const { url } of [floor, subject]) await bed.generator.run({ ...warmUp, url });

    const closed = await rounds(bed, floor, subject, plan.rounds, () => ({
      ...job,
      connections: plan.connections,
      pace: lasting(plan.seconds),
    }));
    const { floorFigures, ...figures } = summary(closed);
    const rate = figures.rps * PACED_SHARE;
    const pace: Pace = { kind: 'paced', rate, requests: Math.ceil(rate), spin: bed.pinned };
    const openJob = () => ({ ...job, connections: PACED_CONNECTIONS, pace });
    // The first round is for getting used to the rate.
    const open = paced ? (await rounds(bed, floor, subject, plan.pacedRounds + 1, openJob)).slice(1) : [];
    return {
      name,
      backend: bed.backend,
      ...figures,
      floor: { is: 'node:http, same bytes', ...floorFigures },
      rssPeakBytes: subject.memory().peakBytes,
      ...(paced ? { paced: pacedSummary(rate, open) } : {}),
      generatorBusy: busiest(closed),
    };
  });
}

/** Measures an operation whose requests cannot be repeated on the subject. */
export async function measureHttpOnce(
  name: string,
  bed: Bed,
  prepare: (subject: Subject, bed: Bed) => Promise<SingleTraffic>,
): Promise<ScenarioRow> {
  const { plan } = bed;
  const prepareFirst = async (subject: Subject, onBed: Bed): Promise<SingleTraffic & Traffic> => {
    const traffic = await prepare(subject, onBed);
    // One more than it has shares: the request whose answer the floor repeats.
    const [recorded, ...shares] = traffic.shares;
    return { ...traffic, bodies: recorded ?? [], shares };
  };
  return onSubjectAndFloor(bed, prepareFirst, async (subject, floor, traffic) => {
    const jobs = traffic.shares.map((bodies) => ({
      ...jobOf(subject, traffic, bodies),
      connections: plan.connections,
      pace: { kind: 'closed', extent: { requests: bodies.length } } as const,
    }));
    const [warmUp, ...measured] = jobs;
    if (warmUp === undefined) throw new Error(`${name} has no requests`);
    await bed.generator.run({ ...warmUp, url: floor.url });
    await bed.generator.run({ ...warmUp, url: subject.url });
    const { floorFigures, ...figures } = summary(
      await rounds(bed, floor, subject, plan.rounds, (round) => measured[round]),
    );
    return {
      name,
      backend: bed.backend,
      ...figures,
      floor: { is: 'node:http, same bytes', ...floorFigures },
      rssPeakBytes: subject.memory().peakBytes,
    };
  });
}

async function onSubjectAndFloor<Sent extends Traffic>(
  bed: Bed,
  prepare: (subject: Subject, bed: Bed) => Promise<Sent>,
  measure: (subject: Subject, floor: ChildServer, traffic: Sent) => Promise<ScenarioRow>,
): Promise<ScenarioRow> {
  const subject = await bed.startSubject();
  try {
    const traffic = await prepare(subject, bed);
    const answer = await subject.call({ operation: traffic.operation, body: traffic.bodies[0] });
    const floor = await startHttpFloor(answer, bed.folder);
    try {
      bed.pinServer(floor.pid);
      return await measure(subject, floor, traffic);
    } finally {
      await floor.stop();
    }
  } finally {
    await subject.stop();
  }
}

type UnplacedJob = Omit<Job, 'url'>;

async function rounds(
  bed: Bed,
  floor: ChildServer,
  subject: Subject,
  count: number,
  jobOfRound: (round: number) => UnplacedJob | undefined,
): Promise<Round[]> {
  const driven = { url: floor.url, processorMs: () => processorMsOf(floor.pid) };
  const measured: Round[] = [];
  for (let round = 0; round < count; round++) {
    const job = jobOfRound(round);
    if (job === undefined) throw new Error(`no requests for round ${round}`);
    measured.push({ floor: await sample(bed, driven, job), subject: await sample(bed, subject, job) });
  }
  return measured;
}

async function sample(bed: Bed, server: Driven, job: UnplacedJob): Promise<Sample> {
  const before = server.processorMs();
  const measured = await bed.generator.run({ ...job, url: server.url });
  return { measured, processorMs: server.processorMs() - before };
}

function jobOf(
  subject: Subject,
  { operation, expected }: Pick<Traffic, 'operation' | 'expected'>,
  bodies: readonly unknown[],
): Omit<UnplacedJob, 'connections' | 'pace'> {
  return {
    path: `/v2/${operation}`,
    authorization: subject.authorization,
    bodies: bodies.map((body) => JSON.stringify(body)),
    expected,
  };
}

function busiest(measured: readonly Round[]): number {
  return Number(Math.max(...measured.map(({ floor }) => floor.measured.generatorBusy)).toFixed(2));
}
