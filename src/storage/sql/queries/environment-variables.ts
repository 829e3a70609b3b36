import { chunksOf } from '../../../lib/chunks.ts';
import type { Queryable, SqlParams } from '../database.ts';
import { insertRows, MAX_LISTED } from '../dialect.ts';
import { type IdPage, idPageClause } from '../id-page.ts';
import type { SettingsOwner } from './environment-configuration.ts';

export type VariableKind = 'recoverable' | 'writeonly';

export interface VariableRow {
  readonly id: string;
  readonly key: string;
  /** Ciphertext of the Vault, under the keyring of the environment. */
  readonly value: string;
  readonly kind: VariableKind;
  readonly description: string | null;
  /** Unix milliseconds. */
  readonly createdAt: number;
}

const OF_ENVIRONMENT = 'app_id = :appId AND environment_id = :environmentId';

/** The environment's variables by id. */
export function listVariables(
  q: Queryable,
  owner: SettingsOwner,
  page: Omit<IdPage, 'search'>,
): Promise<VariableRow[]> {
  const { clause, params } = idPageClause(
    q,
    { column: 'environment_id', parameter: 'environmentId' },
    { ...page, search: undefined },
    [],
  );
  return q.all<VariableRow>(
    'listVariables',
    `SELECT id, \`key\`, value, type AS kind, description, created_at AS createdAt
       FROM app_environment_variables WHERE app_id = :appId AND ${clause}`,
    { ...params, ...paramsOf(owner) },
  );
}

/** Those of the keys, letter by letter, that the environment has a variable of. */
export async function findVariableKeys(
  q: Queryable,
  owner: SettingsOwner,
  keys: readonly string[],
): Promise<string[]> {
  const rows = await q.all<{ key: string }>(
    'findVariableKeys',
    `SELECT \`key\` FROM app_environment_variables WHERE ${OF_ENVIRONMENT} AND \`key\` IN (:keys)`,
    { keys, ...paramsOf(owner) },
  );
  return rows.map(({ key }) => key);
}

/** Deletes the environment's variables with these keys. */
export async function deleteVariables(
  q: Queryable,
  owner: SettingsOwner,
  keys: readonly string[],
): Promise<void> {
  for (const listed of chunksOf(keys, MAX_LISTED)) {
    await q.run(
      'deleteVariables',
      `DELETE FROM app_environment_variables WHERE ${OF_ENVIRONMENT} AND \`key\` IN (:listed)`,
      { listed, ...paramsOf(owner) },
    );
  }
}

/** Deletes every variable of the environment. */
export async function deleteAllVariables(q: Queryable, owner: SettingsOwner): Promise<void> {
  await q.run(
    'deleteAllVariables',
    `DELETE FROM app_environment_variables WHERE ${OF_ENVIRONMENT}`,
    paramsOf(owner),
  );
}

/** Throws a DuplicateKeyError when the environment has a variable with one of the keys. */
export async function insertVariables(
  q: Queryable,
  { workspaceId, appId, environmentId }: SettingsOwner,
  variables: readonly VariableRow[],
): Promise<void> {
  await insertRows(
    q,
    'insertVariables',
    'app_environment_variables',
    variables.map(({ id, key, value, kind, description, createdAt }) => ({
      id,
      workspace_id: workspaceId,
      app_id: appId,
      environment_id: environmentId,
      key,
      value,
      type: kind,
      description,
      created_at: createdAt,
    })),
  );
}

function paramsOf({ appId, environmentId }: SettingsOwner): SqlParams {
  return { appId, environmentId };
}
