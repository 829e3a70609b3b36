// How close one process of the product comes to a bare HTTP server on this machine. Ratios to that floor carry over from
// machine to machine, requests per second do not. Server and load generator share the machine, so run nothing beside it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { provideServers } from '../test/support/servers-provide.ts';
import { embeddedInstallation, type Installation, serversInstallation } from './installation.ts';
import { runScenario, type Scenario, type ScenarioResult } from './scenario.ts';
import { keyScenarios, limitScenarios, type Plan } from './scenarios.ts';
import { buildProgram, type Subject, startSubject } from './subject.ts';

/** What one installation came to. */
interface Measurement {
  readonly stores: string;
  readonly scenarios: readonly ScenarioResult[];
  readonly memory: { readonly afterStartMb: number; readonly peakMb: number };
}

/** Builds, measures every scenario embedded, and those of limits on Redis and MySQL too where they can be had. */
export async function measureThroughput(plan: Plan): Promise<Measurement[]> {
  buildProgram();
  const measurements = [
    await measureOn(
      'embedded',
      (folder) => embeddedInstallation(folder, plan.storedKeys),
      async (subject, { keys }) => [
        ...keyScenarios(subject, keys, plan),
        ...(await limitScenarios(subject, plan)),
      ],
      plan,
    ),
  ];
  const servers = await provideServers();
  try {
    if (!['TEST_MYSQL_URL', 'TEST_REDIS_URL'].every((name) => name in servers.variables)) {
      console.log(`\nnot measured on Redis and MySQL: ${servers.missing.join(', ')}`);
      return measurements;
    }
    Object.assign(process.env, servers.variables);
    measurements.push(
      await measureOn('Redis + MySQL', serversInstallation, (subject) => limitScenarios(subject, plan), plan),
    );
    return measurements;
  } finally {
    await servers.stop();
  }
}

async function measureOn(
  stores: string,
  install: (folder: string) => Promise<Installation>,
  scenariosOf: (subject: Subject, installation: Installation) => Promise<Scenario[]>,
  plan: Plan,
): Promise<Measurement> {
  const folder = await mkdtemp(join(tmpdir(), 'unkey-bench-'));
  try {
    const installation = await install(folder);
    try {
      const subject = await startSubject(installation, folder);
      try {
        const { residentMb } = subject.memory();
        const scenarios: ScenarioResult[] = [];
        for (const scenario of await scenariosOf(subject, installation)) {
          scenarios.push(await runScenario(scenario, subject, folder, plan));
        }
        const memory = { afterStartMb: residentMb, peakMb: subject.memory().peakMb };
        print(stores, scenarios, memory, installation.keys.length);
        return { stores, scenarios, memory };
      } finally {
        await subject.stop();
      }
    } finally {
      await installation.remove();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function print(
  stores: string,
  results: readonly ScenarioResult[],
  memory: Measurement['memory'],
  keyCount: number,
): void {
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
  console.log(`\n${stores}`);
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
  console.log(
    `memory with ${keyCount} keys stored: ${memory.afterStartMb} MB after start, peak ${memory.peakMb} MB`,
  );
}
