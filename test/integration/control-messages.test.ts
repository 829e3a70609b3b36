// Hostile messages to every Connect method of the control plane, on a service that works: each is answered with what the
// method may answer, and nothing else comes of it. UNKEY_FUZZ_MESSAGES says how many.

import { expect, test } from 'vitest';
import { ActorType } from '../../src/proto/ctrl/v1/actor_pb.ts';
import { CreateAppRequestSchema } from '../../src/proto/ctrl/v1/app_pb.ts';
import { LivenessRequestSchema } from '../../src/proto/ctrl/v1/ctrl_pb.ts';
import {
  CreateDeploymentRequestSchema,
  PromoteRequestSchema,
} from '../../src/proto/ctrl/v1/deployment_pb.ts';
import { CreateProjectRequestSchema } from '../../src/proto/ctrl/v1/project_pb.ts';
import {
  type FuzzAnswer,
  type FuzzedCall,
  fuzzConnect,
  fuzzCount,
  sampleCall,
} from '../support/connect-fuzz.ts';
import { CONTROL_TOKEN, serveTestControl } from '../support/control-server.ts';
import { openMigratedStore } from '../support/migrated-store.ts';
import { availableStores } from '../support/servers.ts';
import { ACTOR, arrangeWorkspace, makeApp, openBench, WORKSPACE } from '../unit/control/workbench.ts';

const GROWTH_BYTES = 96 * 1024 * 1024;

/** What the service refuses with, beside a message that cannot be read. */
const REFUSALS = [
  '400 invalid_argument',
  '404 not_found',
  '409 already_exists',
  '400 failed_precondition',
  '501 unimplemented',
];

function objection({ method, headers }: FuzzedCall, { status, code }: FuzzAnswer): string | undefined {
  const outcome = `${status} ${code ?? ''}`.trim();
  if (headers.Authorization !== `Bearer ${CONTROL_TOKEN}`) {
    return outcome === '401 unauthenticated' ? undefined : 'answered without the token';
  }
  if (method !== 'POST') return outcome === '405' ? undefined : 'not the answer to another HTTP method';
  return ['200', '415', ...REFUSALS].includes(outcome) ? undefined : 'not an answer of the service';
}

test.each(availableStores())(
  'hostile messages are answered as specified on %s, and cost no memory',
  async (store) => {
    const db = await openMigratedStore(store);
    await arrangeWorkspace(db);
    const bench = await openBench({ db });
    const { projectId, appId } = await makeApp(bench);
    const served = await serveTestControl(bench.service, bench.service);
    const actor = { ...ACTOR, type: ActorType.ROOT_KEY, meta: { a: 'b' } };
    const count = fuzzCount();
    const report = await fuzzConnect({
      url: served.url,
      token: CONTROL_TOKEN,
      samples: [
        sampleCall('/ctrl.v1.CtrlService/Liveness', LivenessRequestSchema, {}),
        sampleCall('/ctrl.v1.ProjectService/CreateProject', CreateProjectRequestSchema, {
          workspaceId: WORKSPACE,
          name: 'Shop',
          slug: 'fuzz',
          actor,
        }),
        sampleCall('/ctrl.v1.AppService/CreateApp', CreateAppRequestSchema, {
          workspaceId: WORKSPACE,
          projectId,
          name: 'Web',
          slug: 'fuzz',
          actor,
        }),
        sampleCall('/ctrl.v1.DeployService/CreateDeployment', CreateDeploymentRequestSchema, {
          projectId,
          appId,
          environmentSlug: 'production',
          dockerImage: 'registry.test/shop:1',
          gitCommit: { commitSha: 'abc', branch: 'main', timestamp: 1n },
          command: ['serve'],
          actor,
        }),
        sampleCall('/ctrl.v1.DeployService/Promote', PromoteRequestSchema, {
          targetDeploymentId: 'd_1',
          actor,
        }),
      ],
      count,
      seed: 8,
      objection,
    });
    await served.stop();
    expect(report.objections).toEqual([]);
    expect(Object.keys(report.answers)).toEqual(
      expect.arrayContaining(['200', '400 invalid_argument', '401 unauthenticated', '501 unimplemented']),
    );
    expect(Object.values(report.answers).reduce((sum, n) => sum + n, 0)).toBe(count);
    expect(report.growth).toBeLessThan(GROWTH_BYTES);
    expect(bench.lines.filter(({ level }) => level === 'error')).toEqual([]);
  },
  600_000,
);
