// Requests made from the schemas of every operation, fitting, nearly fitting and hostile, against the whole server. Whatever
// they are: no failure of the server, no answer that the document does not declare, nothing of another workspace, no
// rejection that nobody handles. UNKEY_FUZZ_REQUESTS, UNKEY_FUZZ_SEED and UNKEY_FUZZ_FIRST say how many, which, and with
// which number to begin.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { operations } from '../../src/server/routes/registry.ts';
import { type AnalyticsApi, startAnalyticsApi } from '../support/analytics-api.ts';
import { RecordingControlPlane, RecordingWorkflows } from '../support/control.ts';
import { FuzzClient, replayCommand } from '../support/fuzz/fuzz-client.ts';
import { type FuzzScene, type FuzzWorkspaces, fuzzWorkspaces } from '../support/fuzz/fuzz-scene.ts';
import { Judge } from '../support/fuzz/judge.ts';
import { type FuzzRequest, RequestGenerator } from '../support/fuzz/request-generator.ts';
import { Watch } from '../support/fuzz/watch.ts';
import { TestGithub } from '../support/github.ts';
import { EMBEDDED_VAULT } from '../support/vault.ts';

const ON_MYSQL = process.env.UNKEY_TEST_STORE === 'mysql';
const REQUESTS = Number(process.env.UNKEY_FUZZ_REQUESTS ?? (ON_MYSQL ? 2_000 : 20_000));
const SEED = Number(process.env.UNKEY_FUZZ_SEED ?? 1);
const FIRST = Number(process.env.UNKEY_FUZZ_FIRST ?? 0);

const AT_ONCE = 8;
/** Requests until the objects that they are about are made anew. */
const SCENE_REQUESTS = 400;
/** Caches go stale, windows end, credits are refilled: 1200 requests take a minute of the server's time. */
const MS_PER_REQUEST = 50;

/** Requests among which each operation succeeds at least once. */
const ENOUGH_FOR_ALL = 10_000;

let api: AnalyticsApi;
let workspaces: FuzzWorkspaces;
let client: FuzzClient;
let judge: Judge;
const control = new RecordingControlPlane();
const workflows = new RecordingWorkflows();
const watch = new Watch();
const generator = new RequestGenerator(operations, SEED);
const outcomes = new Map<string, number>();

beforeAll(async () => {
  api = await startAnalyticsApi({
    config: { vault: EMBEDDED_VAULT },
    controlPlane: control,
    workflows,
    github: new TestGithub(),
    log: watch.log,
  });
  workspaces = await fuzzWorkspaces(api);
  client = new FuzzClient(api.url, AT_ONCE);
  judge = new Judge(parse(await (await api.fetch('/openapi.yaml')).text()));
});

afterAll(async () => {
  watch.stop();
  client.close();
  await api.stop();
});

it(`survives ${REQUESTS} requests`, { timeout: 12 * 3_600_000 }, async () => {
  const foreignRows = await workspaces.foreignRows();
  for (let first = FIRST; first < FIRST + REQUESTS; first += SCENE_REQUESTS) {
    const scene = await workspaces.scene();
    watch.secrets.add(scene.keys.everything).add(scene.keys.nothing);
    await runBatch(first, Math.min(first + SCENE_REQUESTS, FIRST + REQUESTS), scene);
    forgetRecordings();
  }
  expect(await workspaces.foreignRows()).toEqual(foreignRows);

  process.stderr.write(`fuzz: ${REQUESTS} requests from ${FIRST}, seed ${SEED}\n`);
  for (const [outcome, times] of [...outcomes].sort()) process.stderr.write(`fuzz: ${times} ${outcome}\n`);
  if (REQUESTS >= ENOUGH_FOR_ALL) expect(withoutSuccess(), 'operations that did nothing').toEqual([]);
});

/** Operations that no request got anything out of: then the requests are no good. */
function withoutSuccess(): string[] {
  const did = new Set(
    [...outcomes.keys()].filter((outcome) => outcome < '3').map((outcome) => outcome.slice(4)),
  );
  return operations.map(({ name }) => name).filter((name) => !did.has(name));
}

async function runBatch(first: number, end: number, scene: FuzzScene): Promise<void> {
  let next = first;
  const worker = async (): Promise<void> => {
    while (next < end) {
      const request = generator.request(next, scene);
      next += 1;
      await check(request, scene);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function check(request: FuzzRequest, scene: FuzzScene): Promise<void> {
  api.clock.advance(MS_PER_REQUEST);
  const answer = await client.send(request);
  const complaint = judge.complaint(request, answer, scene.secrets) ?? watch.complaints[0];
  const outcome = `${answer.status} ${request.operation.name}`;
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  if (complaint === undefined) return;
  throw new Error(
    [
      `${request.operation.name}: the answer ${complaint}`,
      `UNKEY_FUZZ_SEED=${SEED} UNKEY_FUZZ_FIRST=${request.number} UNKEY_FUZZ_REQUESTS=1, asked by ${request.caller}:`,
      replayCommand(api.url, request),
      answer.body.toString().slice(0, 2_000),
      ...watch.complaints,
    ].join('\n'),
  );
}

/** A million requests would fill the memory with what the doubles remember. */
function forgetRecordings(): void {
  for (const list of [
    api.statements,
    control.projects,
    control.apps,
    control.deployments,
    workflows.submissions,
  ])
    list.length = 0;
}
