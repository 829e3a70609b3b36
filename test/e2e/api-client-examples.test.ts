// Every example that the help of `unkey api` prints, run as printed against a live server.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiClient } from '../../src/commands/api/client/register.ts';
import { register as registerApi } from '../../src/commands/api/serve.ts';
import { createCliContext } from '../../src/commands/cli/context.ts';
import { EXIT } from '../../src/commands/cli/exit-codes.ts';
import { pathOf, walk } from '../../src/commands/cli/notes.ts';
import { buildProgram } from '../../src/commands/cli/program.ts';
import { runCli } from '../../src/commands/cli/run.ts';
import { documentOperations } from '../../src/commands/openapi/document-operations.ts';
import { buildOpenApiDocument } from '../../src/server/docs/openapi-document.ts';
import { operations } from '../../src/server/routes/registry.ts';
import { PERMISSION_PRESETS } from '../../src/services/rbac/catalogue.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { memoryIo } from '../support/cli-io.ts';
import { RecordingControlPlane, RecordingWorkflows } from '../support/control.ts';
import { insertApp, insertDeployment } from '../support/platform.ts';
import { type DevServer, startDev } from '../support/unkey-process.ts';
import { EMBEDDED_VAULT } from '../support/vault.ts';

const program = buildProgram(createCliContext(memoryIo(), { exitCode: 0, output: undefined }), [
  registerApi,
  apiClient(operations),
]);
const verbs = [...walk(program)].filter((command) => {
  const isLeaf = command.commands.every((child) => child.name() === 'help');
  return isLeaf && pathOf(command) !== 'unkey api serve';
});

/** The command lines under `Examples:` of a verb's help. */
async function printedExamples(command: Command): Promise<string[]> {
  const io = memoryIo();
  expect(await runCli([...pathOf(command).split(' ').slice(1), '--help'], io)).toBe(EXIT.done);
  const section = /\nExamples:\n((?: {2}.+\n)+)/.exec(io.out())?.[1] ?? '';
  return section.split('\n').flatMap((line) => (/^ {2}#/.test(line) || line === '' ? [] : [line.trim()]));
}

/** Where an example runs: a server, and what stands for the ids that examples made up. */
interface World {
  readonly url: string;
  readonly rootKey: string;
  /** The key that `$KEY` holds. */
  readonly key: string;
  readonly ids: Readonly<Record<string, string>>;
}

const FROM_EXAMPLES = {
  api: 'api_8fKq3Lx0v',
  key: 'key_2cGKbMxRy',
  role: 'role_8Hq3nVz5C',
  migration: 'mig_6vQnL3sTz',
  deployment: 'd_5Rw2nXk9P',
} as const;

/**
 * A workspace with everything that examples name, but without what `operation` itself makes: that is left to its example.
 */
async function worldFor(api: TestApi, operation: string): Promise<World> {
  const workspaceId = await api.workspace();
  const rootKey = await api.rootKey(PERMISSION_PRESETS.full, workspaceId);
  const make = async (name: string, body: unknown): Promise<Record<string, string>> => {
    const { status, body: answer } = await api.call(name, body, rootKey);
    if (status !== 200) throw new Error(`${name} answered ${status}: ${JSON.stringify(answer)}`);
    return answer.data;
  };
  const unlessItsOwn = async (name: string, body: unknown): Promise<void> => {
    if (name !== operation) await make(name, body);
  };

  const { apiId = '' } = await make('apis.createApi', { name: 'an api' });
  await unlessItsOwn('identities.createIdentity', { externalId: 'user_123' });
  for (const slug of ['documents.read', 'documents.write']) {
    await unlessItsOwn('permissions.createPermission', { name: slug, slug });
  }
  await unlessItsOwn('permissions.createRole', { name: 'editor' });
  const { roleId = '' } = await make('permissions.createRole', { name: 'viewer' });
  const { keyId = '', key = '' } = await make('keys.createKey', {
    apiId,
    credits: { remaining: 10 },
    permissions: operation === 'permissions.createPermission' ? [] : ['documents.read', 'documents.write'],
    roles: ['viewer'],
  });
  const namespace = 'email.outbound';
  await make('ratelimit.limit', { namespace, identifier: 'user_123', limit: 100, duration: 60_000 });
  await make('ratelimit.setOverride', { namespace, identifier: 'premium_*', limit: 1000, duration: 60_000 });
  const migration = `mig_${workspaceId}`;
  await api.insert('key_migrations', { id: migration, workspace_id: workspaceId, algorithm: 'sha256' });
  const deployment = await deploymentFor(api, workspaceId, operation);
  return {
    url: api.url,
    rootKey,
    key,
    ids: {
      [FROM_EXAMPLES.api]: apiId,
      [FROM_EXAMPLES.key]: keyId,
      [FROM_EXAMPLES.role]: roleId,
      [FROM_EXAMPLES.migration]: migration,
      [FROM_EXAMPLES.deployment]: deployment,
    },
  };
}

/** The app of the examples; yields a deployment of it that `operation` can be done to. */
async function deploymentFor(api: TestApi, workspaceId: string, operation: string): Promise<string> {
  const app = await insertApp(api, workspaceId, { project: 'payments', app: 'api' });
  if (operation === 'deployments.stopDeployment') return insertDeployment(api, app, app.preview);
  if (operation === 'deployments.startDeployment') {
    const stopped = { status: 'stopped', desired_state: 'stopped' };
    return insertDeployment(api, app, app.preview, stopped);
  }
  const current = await insertDeployment(api, app, app.production);
  await api.db.primary.run('testCurrent', 'UPDATE apps SET current_deployment_id = :current WHERE id = :id', {
    current,
    id: app.appId,
  });
  return insertDeployment(api, app, app.production);
}

/** The words that a shell hands to `unkey` when the line is typed. */
async function wordsOf(line: string): Promise<string[]> {
  const script = `unkey() { printf '%s\\0' "$@"; }\n${line}\n`;
  const { stdout } = await promisify(execFile)('sh', ['-c', script], { env: {} });
  return stdout.split('\0').slice(0, -1);
}

/** Runs the line in a world; yields the exit code and what it printed. */
async function run(line: string, world: World) {
  const words = (await wordsOf(line)).map((word) =>
    Object.entries(world.ids).reduce((text, [example, id]) => text.replaceAll(example, id), word),
  );
  const io = memoryIo({
    env: { UNKEY_ROOT_KEY: world.rootKey, UNKEY_API_BASE_URL: world.url, HOME: '/nonexistent' },
    stdin: line.startsWith('echo "$KEY" |') ? `${world.key}\n` : '',
  });
  return { code: await runCli(words, io), out: io.out(), err: io.err() };
}

const operationOf = (command: Command): string =>
  pathOf(command)
    .split(' ')
    .slice(2)
    .map((word) => word.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase()))
    .join('.');
/** Their answers come from an engine that only a workspace made for it may ask. */
const needsAnalytics = (command: Command): boolean => operationOf(command).startsWith('analytics.');

it('has a verb with an example for every operation of the OpenAPI document', async () => {
  const ids = documentOperations(buildOpenApiDocument(operations)).map(({ operation }) =>
    String(operation.operationId),
  );
  expect(verbs.map(operationOf).toSorted()).toEqual(ids.toSorted());
  for (const command of verbs) expect(await printedExamples(command), pathOf(command)).not.toEqual([]);
});

describe('an example of', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startApi({
      config: { vault: EMBEDDED_VAULT },
      controlPlane: new RecordingControlPlane(),
      workflows: new RecordingWorkflows(),
    });
  });
  afterAll(() => api.stop());

  it.each(
    verbs
      .filter((command) => !needsAnalytics(command))
      .map((command): [string, Command] => [pathOf(command), command]),
  )('%s runs as printed', async (_path, command) => {
    for (const line of await printedExamples(command)) {
      const { code, out, err } = await run(line, await worldFor(api, operationOf(command)));
      expect({ code, err }, line).toEqual({ code: EXIT.done, err: '' });
      expect(out, line).toContain('req_');
    }
  });
});

describe('on the analytics of `unkey dev`, an example of', () => {
  let server: DevServer;
  beforeAll(async () => {
    server = await startDev();
  });
  afterAll(() => server.process.end('SIGTERM'));

  it.each(verbs.filter(needsAnalytics).map((command): [string, Command] => [pathOf(command), command]))(
    '%s runs as printed',
    async (_path, command) => {
      for (const line of await printedExamples(command)) {
        const { code, out, err } = await run(line, { ...server, key: '', ids: {} });
        expect({ code, err }, line).toEqual({ code: EXIT.done, err: '' });
        expect(out, line).toContain('req_');
      }
    },
  );
});
