import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ControlCode } from '../../src/services/control/control-plane.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { RecordingControlPlane, RecordingWorkflows } from '../support/control.ts';
import { outcomeOf, type PlatformWorkspace, platformWorkspace } from '../support/platform-workspace.ts';

let api: TestApi;
let ws: PlatformWorkspace;
const controlPlane = new RecordingControlPlane();
const workflows = new RecordingWorkflows();

beforeAll(async () => {
  api = await startApi({ controlPlane, workflows });
});
afterAll(() => api.stop());
beforeEach(async () => {
  ws = await platformWorkspace(api);
  controlPlane.projects.length = 0;
  controlPlane.refusal = undefined;
  workflows.submissions.length = 0;
  workflows.down = false;
});

const ACTOR = {
  id: expect.stringMatching(/^key_/),
  name: expect.any(String),
  type: 'root_key',
  remoteIp: expect.any(String),
  userAgent: expect.any(String),
};

/** Inserts a project of the workspace; yields its id. */
async function project(
  slug: string,
  columns: Record<string, string | number | boolean> = {},
): Promise<string> {
  const id = `proj_${slug}_${ws.id}`;
  const { id: workspaceId } = ws;
  await api.insert('projects', {
    id,
    workspace_id: workspaceId,
    name: slug,
    slug,
    created_at: 1,
    ...columns,
  });
  return id;
}

const defaultProject = () => project('default', { delete_protection: true });

describe('projects.createProject', () => {
  test('has the control plane make the project, in the name of the caller', async () => {
    const answer = await ws.call('projects.createProject', { name: 'Pay', slug: 'pay' });
    expect(answer.status).toBe(200);
    expect(answer.body.data).toEqual({ id: expect.stringMatching(/^proj_\w{9}$/) });
    expect(controlPlane.projects).toEqual([{ workspaceId: ws.id, name: 'Pay', slug: 'pay', actor: ACTOR }]);
  });

  test.each(['default', 'DEFAULT', 'Default'])(
    'refuses the reserved slug %s without asking',
    async (slug) => {
      const answer = await ws.call('projects.createProject', { name: 'Pay', slug });
      expect(outcomeOf(answer)).toEqual([400, 'invalid_input']);
      expect(answer.body.error).toMatchObject({ errors: [], detail: expect.stringContaining(slug) });
      expect(controlPlane.projects).toEqual([]);
    },
  );

  test.each(['ab', 'a.b', 'a'.repeat(256), ''])('refuses the slug %.10j by its schema', async (slug) => {
    const answer = await ws.call('projects.createProject', { name: 'Pay', slug });
    expect(outcomeOf(answer)).toEqual([400, 'invalid_input']);
    expect(answer.body.error.errors.length).toBeGreaterThan(0);
  });

  test.each<[ControlCode, number, string]>([
    ['already_exists', 409, 'project_already_exists'],
    ['not_found', 404, 'project_not_found'],
    ['invalid_argument', 400, 'invalid_input'],
    ['unauthenticated', 500, 'service_unavailable'],
    ['unavailable', 500, 'service_unavailable'],
    ['failed_precondition', 500, 'service_unavailable'],
  ])('answers a control plane that says %s with %i %s, and keeps its words', async (code, status, type) => {
    controlPlane.refusal = { code, message: 'words of the inside' };
    const answer = await ws.call('projects.createProject', { name: 'Pay', slug: 'pay' });
    expect(outcomeOf(answer)).toEqual([status, type]);
    expect(JSON.stringify(answer.body)).not.toContain('words of the inside');
  });

  test('takes the resource permission for all projects, not one for a single project', async () => {
    const body = { name: 'Pay', slug: 'pay' };
    const wide = `unkey:v1:${ws.id}:projects/*#create_project`;
    const narrow = `unkey:v1:${ws.id}:projects/proj_1#create_project`;
    expect(outcomeOf(await ws.as([wide], 'projects.createProject', body))).toEqual([200]);
    expect(outcomeOf(await ws.as([narrow], 'projects.createProject', body))).toEqual([
      403,
      'insufficient_permissions',
    ]);
  });

  test('fails without a control plane', async () => {
    const alone = await startApi();
    try {
      const key = await alone.rootKey(['project.*.create_project'], await alone.workspace());
      const answer = await alone.call('projects.createProject', { name: 'Pay', slug: 'pay' }, key);
      expect(outcomeOf(answer)).toEqual([500, 'service_unavailable']);
    } finally {
      await alone.stop();
    }
  });
});

describe('projects.getProject', () => {
  test('finds a project by its slug in any letter case, and by its id letter by letter', async () => {
    const bySlug = await ws.call('projects.getProject', { project: 'PAYMENTS' });
    expect(bySlug.body.data).toEqual({
      id: ws.projectId,
      name: 'payments',
      slug: 'payments',
      deleteProtection: false,
      createdAt: 0,
    });
    expect((await ws.call('projects.getProject', { project: ws.projectId })).body.data.id).toBe(ws.projectId);
    const otherCase = ws.projectId.toUpperCase();
    expect(outcomeOf(await ws.call('projects.getProject', { project: otherCase }))).toEqual([
      404,
      'project_not_found',
    ]);
  });

  test('prefers the project whose id it is to the one whose slug it is', async () => {
    await project('lure', { slug: ws.projectId });
    expect((await ws.call('projects.getProject', { project: ws.projectId })).body.data.slug).toBe('payments');
  });

  test('tells when it was updated, and whether it is protected', async () => {
    const id = await project('guarded', { updated_at: 5, delete_protection: true });
    expect((await ws.call('projects.getProject', { project: id })).body.data).toMatchObject({
      updatedAt: 5,
      deleteProtection: true,
    });
  });

  test('hides the default project, but not one that only resembles it', async () => {
    const id = await defaultProject();
    for (const reference of [id, 'default', 'DEFAULT']) {
      expect(outcomeOf(await ws.call('projects.getProject', { project: reference }))).toEqual([
        404,
        'project_not_found',
      ]);
    }
  });

  test('answers denial like absence, and takes no resource permission', async () => {
    const absent = await ws.call('projects.getProject', { project: 'proj_absent' });
    for (const grant of ['api.*.read_api', `unkey:v1:${ws.id}:**#*`, 'project.proj_1.read_project']) {
      const denied = await ws.as([grant], 'projects.getProject', { project: 'payments' });
      expect([denied.status, denied.body.error]).toEqual([404, absent.body.error]);
    }
    const own = `project.${ws.projectId}.read_project`;
    expect((await ws.as([own], 'projects.getProject', { project: 'payments' })).status).toBe(200);
  });
});

describe('projects.listProjects', () => {
  const list = async (body: object) => {
    const { body: answer } = await ws.call('projects.listProjects', body);
    return { slugs: answer.data.map(({ slug }: { slug: string }) => slug), ...answer.pagination };
  };

  test('pages by id and leaves the default project out', async () => {
    await defaultProject();
    await project('billing');
    const first = await list({ limit: 1 });
    expect(first).toMatchObject({ hasMore: true, cursor: expect.any(String) });
    const second = await list({ limit: 1, cursor: first.cursor });
    expect(second).toEqual({ slugs: expect.any(Array), hasMore: false });
    expect([...first.slugs, ...second.slugs].sort()).toEqual(['billing', 'payments']);
  });

  test('searches id, name and slug for the text as it is', async () => {
    await project('discount', { name: 'Get 100% off' });
    await project('thousand', { name: 'One 1000 more' });
    expect((await list({ search: '100%' })).slugs).toEqual(['discount']);
    expect((await list({ search: ' DISC ' })).slugs).toEqual(['discount']);
    expect((await list({ search: ws.projectId.toLowerCase() })).slugs).toEqual(['payments']);
    expect((await list({ search: '   ' })).slugs).toHaveLength(3);
    expect((await list({ search: '\\' })).slugs).toEqual([]);
  });

  test('answers an empty list, and takes any cursor', async () => {
    expect(await list({ search: 'nothing' })).toEqual({ slugs: [], hasMore: false });
    expect(await list({ cursor: 'zzz nonsense' })).toEqual({ slugs: [], hasMore: false });
  });

  test('is not for those who may read one project', async () => {
    const answer = await ws.as([`project.${ws.projectId}.read_project`], 'projects.listProjects', {});
    expect(outcomeOf(answer)).toEqual([403, 'insufficient_permissions']);
  });
});

describe('projects.updateProject', () => {
  test('changes what is given, with one event that tells the outcome', async () => {
    const { answer, events } = await ws.audited(() =>
      ws.call('projects.updateProject', { project: 'payments', name: 'Payments EU' }),
    );
    const expected = { name: 'Payments EU', slug: 'payments', deleteProtection: false };
    expect(answer.body.data).toEqual({
      id: ws.projectId,
      ...expected,
      createdAt: 0,
      updatedAt: api.clock.now(),
    });
    expect(events).toEqual([
      expect.objectContaining({
        event: 'project.update',
        targets: [{ type: 'project', id: ws.projectId, name: 'Payments EU', meta: expected }],
      }),
    ]);
    const protect = { project: ws.projectId, deleteProtection: true };
    expect((await ws.call('projects.updateProject', protect)).body.data).toMatchObject({
      name: 'Payments EU',
      deleteProtection: true,
    });
  });

  test('writes nothing when nothing is given', async () => {
    const { answer, events } = await ws.audited(() =>
      ws.call('projects.updateProject', { project: ws.projectId }),
    );
    expect(answer.body.data).toEqual({
      id: ws.projectId,
      name: 'payments',
      slug: 'payments',
      deleteProtection: false,
      createdAt: 0,
    });
    expect(events).toEqual([]);
  });

  test('takes its own slug again', async () => {
    const answer = await ws.call('projects.updateProject', { project: 'payments', slug: 'payments' });
    expect(answer.body.data).toMatchObject({ slug: 'payments', updatedAt: api.clock.now() });
  });

  test('refuses a slug that is taken in any letter case, and the reserved one', async () => {
    await project('billing');
    const { answer, events } = await ws.audited(() =>
      ws.call('projects.updateProject', { project: 'payments', name: 'new', slug: 'BILLING' }),
    );
    expect(outcomeOf(answer)).toEqual([409, 'project_already_exists']);
    expect(events).toEqual([]);
    expect(await ws.row('projects', ws.projectId)).toMatchObject({ name: 'payments', updated_at: null });
    const reserved = await ws.call('projects.updateProject', { project: 'payments', slug: 'Default' });
    expect(outcomeOf(reserved)).toEqual([400, 'invalid_input']);
  });

  test('tells who may not that it exists, and everybody that another does not', async () => {
    const as = (project: string) => ws.as(['api.*.read_api'], 'projects.updateProject', { project });
    expect(outcomeOf(await as('payments'))).toEqual([403, 'insufficient_permissions']);
    expect(outcomeOf(await as('proj_absent'))).toEqual([404, 'project_not_found']);
    await defaultProject();
    expect(outcomeOf(await as('default'))).toEqual([404, 'project_not_found']);
    const grant = `unkey:v1:${ws.id}:projects/${ws.projectId}#update_project`;
    expect(outcomeOf(await ws.as([grant], 'projects.updateProject', { project: 'payments' }))).toEqual([200]);
  });

  test.each([{ name: null }, { slug: null }, { deleteProtection: null }, { colour: 'red' }, { name: '' }])(
    'refuses %j by its schema',
    async (change) => {
      const answer = await ws.call('projects.updateProject', { project: 'payments', ...change });
      expect(outcomeOf(answer)).toEqual([400, 'invalid_input']);
    },
  );
});

describe('projects.deleteProject', () => {
  test('hands the deletion over, and leaves the row to the control plane', async () => {
    const { answer, events } = await ws.audited(() =>
      ws.call('projects.deleteProject', { project: 'Payments' }),
    );
    expect([answer.status, answer.body.data]).toEqual([202, {}]);
    expect(workflows.submissions).toEqual([
      {
        workflow: 'deleteProject',
        projectId: ws.projectId,
        actor: ACTOR,
        correlationId: expect.stringMatching(/^cor_/),
      },
    ]);
    expect(events).toEqual([]);
    expect(await ws.row('projects', ws.projectId)).toBeDefined();
  });

  test('refuses a protected project', async () => {
    const id = await project('guarded', { delete_protection: true });
    const answer = await ws.call('projects.deleteProject', { project: id });
    expect(outcomeOf(answer)).toEqual([412, 'protected_resource']);
    expect(workflows.submissions).toEqual([]);
  });

  test('fails when the job is not accepted', async () => {
    workflows.down = true;
    const answer = await ws.call('projects.deleteProject', { project: 'payments' });
    expect(outcomeOf(answer)).toEqual([500, 'service_unavailable']);
  });

  test('does not know the default project', async () => {
    const id = await defaultProject();
    expect(outcomeOf(await ws.call('projects.deleteProject', { project: id }))).toEqual([
      404,
      'project_not_found',
    ]);
  });
});
