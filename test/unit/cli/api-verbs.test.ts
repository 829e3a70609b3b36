// Which verbs and flags `unkey api` has.
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { apiClient } from '../../../src/commands/api/client/register.ts';
import { register as registerApi } from '../../../src/commands/api/serve.ts';
import { createCliContext } from '../../../src/commands/cli/context.ts';
import { pathOf, walk } from '../../../src/commands/cli/notes.ts';
import { buildProgram } from '../../../src/commands/cli/program.ts';
import { documentOperations } from '../../../src/commands/openapi/document-operations.ts';
import { buildOpenApiDocument } from '../../../src/server/docs/openapi-document.ts';
import { operations } from '../../../src/server/routes/registry.ts';
import { memoryIo } from '../../support/cli-io.ts';

const program = buildProgram(createCliContext(memoryIo(), { exitCode: 0, output: undefined }), [
  registerApi,
  apiClient(operations),
]);
const verbs = new Map<string, Command>();
for (const command of walk(program)) {
  const path = pathOf(command).replace(/^unkey api /, '');
  if (command.commands.every((child) => child.name() === 'help') && path !== 'serve')
    verbs.set(path, command);
}

describe('unkey api', () => {
  it('has one verb for each operation of the OpenAPI document, and no other', () => {
    const kebab = (id: string) =>
      id.replace('.', ' ').replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    const ids = documentOperations(buildOpenApiDocument(operations)).map(({ operation }) =>
      String(operation.operationId),
    );
    expect([...verbs.keys()].toSorted()).toEqual(ids.map(kebab).toSorted());
  });

  // Names, spellings and types that scripts written for the reference rely on.
  it.each([
    ['apis create-api', '--name <text>'],
    [
      'apis list-keys',
      '--api-id <text> --limit <n> --cursor <text> --external-id <text> --decrypt [boolean] --revalidate-keys-cache [boolean]',
    ],
    ['identities create-identity', '--external-id <text> --meta-json <json> --ratelimits-json <json>'],
    ['identities get-identity', '--identity <text>'],
    ['identities update-identity', '--identity <text> --meta-json <json> --ratelimits-json <json>'],
    [
      'keys create-key',
      '--api-id <text> --prefix <text> --name <text> --byte-length <n> --external-id <text> --meta-json <json> --roles <items> --permissions <items> --expires <n> --credits-json <json> --ratelimits-json <json> --enabled [boolean] --recoverable [boolean]',
    ],
    [
      'keys verify-key',
      '--key <value> --key-file <path> --tags <items> --permissions <text> --credits-json <json> --ratelimits-json <json> --migration-id <text>',
    ],
    ['keys whoami', '--key <value>'],
    ['keys reroll-key', '--key-id <text> --expiration <n>'],
    ['keys delete-key', '--key-id <text> --permanent [boolean]'],
    ['keys migrate-keys', '--migration-id <text> --api-id <text> --keys-json <json>'],
    ['keys update-credits', '--key-id <text> --operation <text> --value <n>'],
    ['keys set-permissions', '--key-id <text> --permissions <items>'],
    ['keys add-roles', '--key-id <text> --roles <items>'],
    ['permissions create-permission', '--name <text> --slug <text> --description <text>'],
    ['permissions get-role', '--role <text>'],
    ['permissions list-roles', '--limit <n> --cursor <text> --all --max <n>'],
    ['ratelimit limit', '--namespace <text> --identifier <text> --limit <n> --duration <n> --cost <n>'],
    ['ratelimit multi-limit', '--limits-json <json>'],
    ['ratelimit list-overrides', '--namespace <text> --limit <n> --cursor <text>'],
  ])('%s takes %s', (path, flags) => {
    const known = verbs.get(path)?.options.map((option) => option.flags) ?? [];
    expect(known).toEqual(expect.arrayContaining(flags.split(/ (?=--)/)));
  });

  it.each([...verbs])('%s says how to reach the server', (_path, command) => {
    const known = command.options.map((option) => option.long);
    expect(known).toEqual(expect.arrayContaining(['--api-url', '--config', '--timeout', '--json']));
  });
});
