// `npm run bench [-- --quick] [throughput] [memory] [accuracy] [credits] [import] [analytics]`: measures what is named,
// everything unless something is, prints tables and writes bench/results/<time>.json.
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measureAccuracy } from './accuracy.ts';
import { measureAnalytics } from './analytics.ts';
import { measureOutage } from './analytics-outage.ts';
import { measureCredits } from './credits.ts';
import { measureImport } from './import.ts';
import { measureLimiterMemory } from './limiter-memory.ts';
import { measureThroughput } from './throughput.ts';

const RESULTS = fileURLToPath(new URL('./results/', import.meta.url));

const { values, positionals } = parseArgs({
  options: { quick: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const plan = values.quick
  ? { rounds: 2, connections: 20, seconds: 2, storedKeys: 20_000 }
  : { rounds: 5, connections: 20, seconds: 5, storedKeys: 100_000 };

const measures: Readonly<Record<string, () => Promise<unknown>>> = {
  throughput: () => measureThroughput(plan),
  memory: () => tabled('memory of the rate limiter', measureLimiterMemory()),
  accuracy: () => tabled('accuracy across nodes, on Redis', measureAccuracy(values.quick)),
  import: () =>
    tabled('import of keys, beside raw multi-row inserts of the same rows', measureImport(values.quick)),
  analytics: async () => ({
    cost: await tabled('verifyKey with analytics, beside the same without', measureAnalytics(values.quick)),
    outage: await tabled('verifyKey while the analytics store is away', measureOutage(values.quick)),
  }),
  credits: () => tabled('credits across nodes, on Redis and MySQL', measureCredits(values.quick)),
};
const unknown = positionals.filter((name) => !(name in measures));
if (unknown.length > 0) throw new Error(`nothing to measure is called ${unknown.join(', ')}`);

const report: Record<string, unknown> = {
  date: new Date().toISOString(),
  node: process.version,
  machine: `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores`,
  plan,
};
for (const [name, measure] of Object.entries(measures)) {
  if (positionals.length === 0 || positionals.includes(name)) report[name] = await measure();
}
await mkdir(RESULTS, { recursive: true });
const file = join(RESULTS, `${String(report.date).replaceAll(':', '-')}.json`);
await writeFile(file, `${JSON.stringify(report, null, 2)}\n`);
console.log(`\nwritten to ${file}`);

async function tabled<Row>(title: string, measuring: Promise<readonly Row[]>): Promise<readonly Row[]> {
  const rows = await measuring;
  console.log(`\n${title}`);
  console.table(rows);
  return rows;
}
