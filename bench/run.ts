// `npm run bench`: measures scenarios beside their floors, prints tables, and writes JSON where it is told to. Its options
// and what the figures mean: docs/performance.md.
import { writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { buildProgram } from '../test/support/compiled-program.ts';
import { type Bed, openBed } from './bed.ts';
import { type Backend, type Plan, readRequest } from './plan.ts';
import { canPin } from './processes.ts';
import { MEASURES, SCENARIOS, type Scenario } from './registry.ts';
import { pacedTableOf, reported, tableOf } from './report.ts';
import type { ScenarioRow } from './rows.ts';
import { type Placed, select } from './selection.ts';

const request = readRequest(process.argv.slice(2), canPin());
const { plan } = request;
const selection = select(request, SCENARIOS, MEASURES);

if (request.list) {
  for (const { name, home } of SCENARIOS) console.log(`${name} (${home.join(', ')})`);
  for (const { name, title } of MEASURES) console.log(`${name}: ${title}`);
} else {
  await run();
}

async function run(): Promise<void> {
  const date = new Date().toISOString();
  const machine = `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores`;
  console.log(`${machine}, Node ${process.version}, ${plan.rounds} rounds of ${plan.seconds} s`);
  if (selection.scenarios.length > 0) buildProgram();
  const rows: ScenarioRow[] = [];
  for (const backend of ['embedded', 'servers'] as const) {
    rows.push(...(await runOn(backend, selection.scenarios, plan)));
  }
  const measures: Record<string, readonly object[]> = {};
  for (const measure of selection.measures) {
    const found = await measure.run(plan);
    console.log(`\n${measure.title}`);
    console.table(found);
    measures[measure.name] = found;
  }
  if (request.json !== undefined) {
    const report = { date, node: process.version, machine, plan, ...reported(rows), measures };
    await writeFile(request.json, `${JSON.stringify(report, null, 2)}\n`);
    console.log(`\nwritten to ${request.json}`);
  }
}

/** Runs the scenarios of one backend and prints what they come to. */
async function runOn(
  backend: Backend,
  placed: readonly Placed<Scenario>[],
  sized: Plan,
): Promise<readonly ScenarioRow[]> {
  const scenarios = placed.filter((one) => one.backend === backend).map(({ scenario }) => scenario);
  if (scenarios.length === 0) return [];
  const bed = await openBed(backend, sized);
  if (bed === undefined) return [];
  try {
    const rows: ScenarioRow[] = [];
    for (const scenario of scenarios) rows.push(await runOne(scenario, bed));
    console.log(`\n${backend}${bed.pinned ? ', server and generator on a core each' : ''}`);
    console.table(tableOf(rows));
    const paced = pacedTableOf(rows);
    if (Object.keys(paced).length > 0) {
      console.log('at 70 % of that throughput, from the moment each request was due');
      console.table(paced);
    }
    for (const { name, note } of rows) if (note !== undefined) console.log(`${name}: ${note}`);
    return rows;
  } finally {
    await bed.close();
  }
}

async function runOne(scenario: Scenario, bed: Bed): Promise<ScenarioRow> {
  try {
    const row = await scenario.run(bed);
    console.log(
      `${row.backend}: ${row.name}: ${Math.round(row.rps)} a second, ${row.ratioToFloor} of the floor`,
    );
    return row;
  } catch (error) {
    throw new Error(`${bed.backend}: ${scenario.name} could not be measured`, { cause: error });
  }
}
