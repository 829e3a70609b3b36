// What `--workers` brings on this machine: fleets of one process and of several on the same MySQL and Redis, which share
// its cores with them and with the load generator.
import { openBed } from './bed.ts';
import { compareFleets, type FleetRow } from './fleet-rounds.ts';
import type { Plan } from './plan.ts';
import type { Subject } from './subject.ts';

const WORKERS = [1, 2, 3] as const;

/** @returns nothing where there is no MySQL or Redis */
export async function measureWorkers(plan: Plan): Promise<readonly FleetRow[]> {
  const bed = await openBed('servers', plan);
  if (bed === undefined) return [];
  const subjects: Subject[] = [];
  try {
    for (const workers of WORKERS) subjects.push(await bed.startSubject({ workers }));
    const [maker] = subjects;
    if (maker === undefined) throw new Error('no fleet to measure');
    const fleets = subjects.map(({ url, processorMs }, index) => ({
      name: `${WORKERS[index]} workers`,
      url,
      processorMs,
    }));
    return await compareFleets(bed, maker, fleets);
  } finally {
    await Promise.all(subjects.map((subject) => subject.stop()));
    await bed.close();
  }
}
