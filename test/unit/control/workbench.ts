// What the tests of the control plane share: the service on a store of its own, a clock that they drive, and a runner that
// does what it is told.

import { onTestFinished } from 'vitest';
import type { ControlService } from '../../../src/control/control-service.ts';
import { startControlService } from '../../../src/control/control-service.ts';
import { type Dns, DnsError } from '../../../src/control/domains/dns.ts';
import type { Runner, RunnerDeployment, RunnerRoute } from '../../../src/control/runners/runner.ts';
import { ManualClock } from '../../../src/lib/clock.ts';
import { randomIds } from '../../../src/lib/uid.ts';
import type { ControlActor, NewDeployment } from '../../../src/services/control/control-plane.ts';
import type { Github } from '../../../src/services/github/github.ts';
import type { Vault } from '../../../src/services/vault/vault.ts';
import type { Database, SqlParams } from '../../../src/storage/sql/database.ts';
import { type LogLine, recordingLogger } from '../support/recorders.ts';
import { insert, insertLimits, insertWorkspace, migratedStore } from '../support/store.ts';

export const WORKSPACE = 'ws_1';

export const ACTOR: ControlActor = {
  id: 'key_root',
  name: 'root',
  type: 'root_key',
  remoteIp: '192.0.2.7',
  userAgent: 'test/1',
};

export const ORIGIN = { actor: ACTOR, correlationId: 'cor_test' };

/** Does nothing but remember, unless a test puts something in the place of one of its methods. */
export class RecordingRunner implements Runner {
  /** `deploy d_1`, in order. */
  readonly calls: string[] = [];
  readonly deployments: RunnerDeployment[] = [];
  readonly routes: (readonly RunnerRoute[])[] = [];
  build: Runner['build'] = async (deployment) => {
    this.note('build', deployment);
    return 'registry.test/built:1';
  };
  deploy: Runner['deploy'] = async (deployment) => this.note('deploy', deployment);
  stop: Runner['stop'] = async (deployment) => this.note('stop', deployment);
  route: Runner['route'] = async ({ id }, routes) => {
    this.calls.push(`route ${id}`);
    this.routes.push(routes);
  };

  note(action: string, deployment: RunnerDeployment): void {
    this.calls.push(`${action} ${deployment.id}`);
    this.deployments.push(deployment);
  }
}

/** A DNS in memory, without any record unless a test adds some. */
export class TestDns implements Dns {
  /** By name. */
  readonly cname = new Map<string, string>();
  readonly text = new Map<string, string>();
  readonly addresses = new Set<string>();
  /** Set while nobody answers. */
  down = false;

  async cnames(name: string): Promise<readonly string[]> {
    return this.#answer(this.cname.get(name));
  }
  async texts(name: string): Promise<readonly string[]> {
    return this.#answer(this.text.get(name));
  }
  async hasAddress(name: string): Promise<boolean> {
    return this.#answer(this.addresses.has(name) ? name : undefined).length > 0;
  }

  #answer(record: string | undefined): readonly string[] {
    if (this.down) throw new DnsError('the DNS did not answer (ETIMEOUT)');
    return record === undefined ? [] : [record];
  }
}

export interface BenchOptions {
  readonly runner?: Runner;
  readonly domain?: string;
  readonly requirePlan?: boolean;
  readonly vault?: Pick<Vault, 'decryptBulk'>;
  readonly github?: Github;
  readonly dns?: Dns;
  readonly db?: Database;
  readonly clock?: ManualClock;
  readonly leaseMs?: number;
}

export interface Bench {
  readonly db: Database;
  readonly clock: ManualClock;
  readonly service: ControlService;
  readonly lines: readonly LogLine[];
  all<Row extends object>(sql: string, params?: SqlParams): Promise<Row[]>;
  run(sql: string, params?: SqlParams): Promise<void>;
  /** Resolves once no job is due any more. @throws Error when that takes more than ten seconds */
  settled(): Promise<void>;
  /** Lets time pass, and what is due then be done. */
  later(ms: number): Promise<void>;
}

/** A control plane that works; on a workspace with limits, a plan and a region unless it is given a store. */
export async function openBench(options: BenchOptions = {}): Promise<Bench> {
  const db = options.db ?? (await preparedStore());
  const clock = options.clock ?? new ManualClock(1_700_000_000_000);
  const log = recordingLogger();
  const service = startControlService({
    db,
    clock,
    ids: randomIds,
    log,
    runner: options.runner ?? new RecordingRunner(),
    vault: options.vault,
    github: options.github,
    dns: options.dns ?? new TestDns(),
    settings: { domain: options.domain, requirePlan: options.requirePlan ?? false },
    owner: `test/${randomIds.next('instance')}`,
    pollMs: 20,
    leaseMs: options.leaseMs ?? 15_000,
  });
  onTestFinished(() => service.stop());
  const settled = async (): Promise<void> => {
    service.kick();
    const deadline = performance.now() + 10_000;
    for (;;) {
      const due = await db.primary.all('due', 'SELECT kind FROM control_jobs WHERE run_at <= :now', {
        now: clock.now(),
      });
      if (due.length === 0) return;
      if (performance.now() > deadline)
        throw new Error(`jobs are still due: ${JSON.stringify([due, log.lines])}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  return {
    db,
    clock,
    service,
    lines: log.lines,
    settled,
    all: (sql, params = {}) => db.primary.all('look', sql, params),
    run: async (sql, params = {}) => {
      await db.primary.run('arrange', sql, params);
    },
    later: async (ms) => {
      clock.advance(ms);
      await settled();
    },
  };
}

async function preparedStore(): Promise<Database> {
  const db = await migratedStore();
  await arrangeWorkspace(db);
  return db;
}

/** A workspace with limits and a plan, and two regions. */
export async function arrangeWorkspace(db: Database): Promise<void> {
  await insertWorkspace(db, { id: WORKSPACE });
  await insertLimits(db, WORKSPACE, null);
  await insert(db, 'workspace_billing', {
    workspace_id: WORKSPACE,
    plan_override: 'starter',
    created_at_m: 1,
  });
  await insert(db, 'regions', { id: 'rgn_b', name: 'b-region', platform: 'aws', can_schedule: true });
  await insert(db, 'regions', { id: 'rgn_a', name: 'a-region', platform: 'aws', can_schedule: true });
}

export interface Place {
  readonly projectId: string;
  readonly appId: string;
}

/** A project with an app, both made by the service. */
export async function makeApp({ service }: Bench, slug = 'web'): Promise<Place> {
  const owner = { workspaceId: WORKSPACE, actor: ACTOR };
  const { id: projectId } = await service.createProject({ ...owner, name: 'Shop', slug: `shop-${slug}` });
  const { id: appId } = await service.createApp({ ...owner, projectId, name: 'Web', slug });
  return { projectId, appId };
}

/** A request for a deployment of an image to production. */
export function request(place: Place, changes: Partial<NewDeployment> = {}): NewDeployment {
  return {
    ...place,
    environmentSlug: 'production',
    dockerImage: 'registry.test/web:1',
    gitCommit: undefined,
    keyspaceId: undefined,
    command: [],
    trigger: 'api',
    triggerReason: '',
    triggeredBy: ACTOR.id,
    actor: ACTOR,
    ...changes,
  };
}

/** Has a deployment made and run to its end, and yields its id. */
export async function deploy(
  bench: Bench,
  place: Place,
  changes: Partial<NewDeployment> = {},
): Promise<string> {
  const { deploymentId } = await bench.service.createDeployment(request(place, changes));
  await bench.settled();
  return deploymentId;
}

export interface DeploymentFacts {
  readonly status: string;
  readonly desiredState: string;
  readonly image: string | null;
}

export async function factsOf({ all }: Bench, id: string): Promise<DeploymentFacts | undefined> {
  const rows = await all<DeploymentFacts>(
    'SELECT status, desired_state AS desiredState, image FROM deployments WHERE id = :id',
    { id },
  );
  return rows[0];
}

export async function currentOf({ all }: Bench, appId: string) {
  const rows = await all<{ current: string | null; isRolledBack: number }>(
    'SELECT current_deployment_id AS current, is_rolled_back AS isRolledBack FROM apps WHERE id = :appId',
    { appId },
  );
  return rows.map(({ current, isRolledBack }) => ({ current, isRolledBack: Boolean(isRolledBack) }))[0];
}

/** The steps of a deployment in the order in which they began. */
export async function stepsOf({ all }: Bench, id: string) {
  return all<{ step: string; ended: number; error: string | null }>(
    `SELECT step, ended_at IS NOT NULL AS ended, error FROM deployment_steps WHERE deployment_id = :id
      ORDER BY started_at, pk`,
    { id },
  );
}

export interface AuditFacts {
  readonly event: string;
  readonly actor: { readonly type: string; readonly id: string };
  readonly targets: readonly { readonly type: string; readonly id: string; readonly meta?: unknown }[];
  readonly correlation_id?: string;
  readonly remote_ip?: string;
}

/** The audit events of the workspace, in order. */
export async function auditOf({ all }: Bench): Promise<AuditFacts[]> {
  const rows = await all<{ payload: string }>('SELECT payload FROM clickhouse_outbox ORDER BY pk');
  return rows.map(({ payload }) => JSON.parse(payload));
}
