// `npm run bench [-- --quick]`: how close one process of the product comes to a bare HTTP server on this machine.
// Ratios to that floor carry over from machine to machine, requests per second do not. Server and load generator share
// the machine, so run nothing beside it. Builds first, and writes bench/results/<time>.json.
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Effort, runScenario, type Scenario, type ScenarioResult } from './scenario.ts';
import { type Subject, startSubject } from './subject.ts';

const BUILD = fileURLToPath(new URL('../scripts/build.ts', import.meta.url));
const RESULTS = fileURLToPath(new URL('./results/', import.meta.url));

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const plan = values.quick
  ? { rounds: 2, connections: 20, seconds: 2, storedKeys: 20_000 }
  : { rounds: 5, connections: 20, seconds: 5, storedKeys: 100_000 };

execFileSync(process.execPath, [BUILD], { stdio: ['ignore', 'ignore', 'inherit'] });
const folder = await mkdtemp(join(tmpdir(), 'unkey-bench-'));
try {
  const subject = await startSubject(folder, plan.storedKeys);
  try {
    await measure(subject, plan);
  } finally {
    await subject.stop();
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function measure(subject: Subject, effort: Effort): Promise<void> {
  const atStart = subject.memory();
  const scenarios: ScenarioResult[] = [];
  for (const scenario of scenariosOf(subject)) {
    scenarios.push(await runScenario(scenario, subject, folder, effort));
  }
  const atEnd = subject.memory();
  const report = {
    date: new Date().toISOString(),
    node: process.version,
    machine: `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores`,
    ...plan,
    scenarios,
    memory: { afterStartMb: atStart.residentMb, peakMb: atEnd.peakMb },
  };
  print(report.scenarios);
  console.log(
    `\nmemory with ${plan.storedKeys} keys stored: ${atStart.residentMb} MB after start, peak ${atEnd.peakMb} MB`,
  );
  await mkdir(RESULTS, { recursive: true });
  const file = join(RESULTS, `${report.date.replaceAll(':', '-')}.json`);
  await writeFile(file, `${JSON.stringify(report, null, 2)}\n`);
  console.log(`written to ${file}`);
}

function scenariosOf({ apiId, keys }: Subject): Scenario[] {
  const [warmKey, ...coldKeys] = keys;
  const seconds = { extent: { seconds: plan.seconds }, warmUp: { seconds: plan.seconds } };
  // A cold key is sent once and to one server only: warm-up and rounds, of floor and subject, share the list out. Each
  // connection may draw one body more than it sends.
  const share = Math.floor(coldKeys.length / (2 * (plan.rounds + 1))) - plan.connections;
  const unused = coldKeys.values();
  return [
    {
      name: 'verifyKey warm',
      operation: 'keys.verifyKey',
      nextBody: () => ({ key: warmKey }),
      expected: '"VALID"',
      ...seconds,
    },
    {
      name: 'verifyKey cold',
      operation: 'keys.verifyKey',
      nextBody: () => ({ key: drawn(unused) }),
      expected: '"VALID"',
      extent: { requests: share },
      warmUp: { requests: share },
    },
    {
      name: 'createKey',
      operation: 'keys.createKey',
      nextBody: () => ({ apiId, prefix: 'bench' }),
      expected: '"keyId"',
      ...seconds,
    },
  ];
}

function drawn(keys: Iterator<string>): string {
  const { value, done } = keys.next();
  if (done) throw new Error('the cold keys ran out');
  return value;
}

function print(results: readonly ScenarioResult[]): void {
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
  console.table(
    Object.fromEntries(
      results.map(({ name, floor, subject, ratio, ratioRange, peakMb }) => [
        name,
        {
          'req/s': Math.round(subject.requestsPerSecond),
          'floor req/s': Math.round(floor.requestsPerSecond),
          'of floor': percent(ratio),
          range: ratioRange.map(percent).join(' – '),
          'p50 ms': subject.p50Ms.toFixed(2),
          'p99 ms': subject.p99Ms.toFixed(2),
          'floor p99 ms': floor.p99Ms.toFixed(2),
          'peak MB': peakMb,
        },
      ]),
    ),
  );
}
