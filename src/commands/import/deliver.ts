// One batch to the server, and what the server made of each row.
import { isObject } from '../../lib/json.ts';
import { readAnswer } from '../api/client/answer.ts';
import { CliError } from '../cli/cli-error.ts';
import { EXIT } from '../cli/exit-codes.ts';
import type { HttpAnswer } from '../cli/http.ts';
import type { KeyRow, RowFailure } from './rows.ts';

export interface Delivery {
  readonly imported: number;
  /** Rows whose hash a key has already. */
  readonly alreadyThere: readonly RowFailure[];
  /** Rows that the server does not take. */
  readonly refused: readonly RowFailure[];
}

export interface Target {
  readonly apiId: string;
  readonly migrationId: string;
}

const NOTHING: Delivery = { imported: 0, alreadyThere: [], refused: [] };

/**
 * Sends the keys in one call. If the server refuses it for what it holds, or for its size, both halves are sent instead,
 * down to the rows that are at fault.
 *
 * @param post sends the body of a keys.migrateKeys call and yields the answer, whatever its status
 * @throws CliError when the server refuses the call for another reason, or answers nonsense
 */
export async function deliverKeys(
  keys: readonly KeyRow[],
  target: Target,
  post: (body: string) => Promise<HttpAnswer>,
): Promise<Delivery> {
  const [first] = keys;
  if (first === undefined) return NOTHING;
  const answer = await post(bodyOf(keys, target));
  if (!isRefusedForItsContent(answer)) return readDelivery(keys, readAnswer(answer).data);
  if (keys.length === 1) return { ...NOTHING, refused: [refusalOf(first, answer)] };
  const middle = keys.length >> 1;
  const left = await deliverKeys(keys.slice(0, middle), target, post);
  const right = await deliverKeys(keys.slice(middle), target, post);
  return {
    imported: left.imported + right.imported,
    alreadyThere: [...left.alreadyThere, ...right.alreadyThere],
    refused: [...left.refused, ...right.refused],
  };
}

function bodyOf(keys: readonly KeyRow[], { apiId, migrationId }: Target): string {
  const items = keys.map(({ json }) => json).join(',');
  return `{"migrationId":${JSON.stringify(migrationId)},"apiId":${JSON.stringify(apiId)},"keys":[${items}]}`;
}

/** A 400 may also be about the credentials. */
function isRefusedForItsContent({ status, text }: HttpAnswer): boolean {
  return status === 413 || (status === 400 && text.includes('/application/invalid_input'));
}

function refusalOf({ row, line }: KeyRow, answer: HttpAnswer): RowFailure {
  try {
    readAnswer(answer);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return { row, line, code: 'refused', reason: error.detail.replaceAll('\n', ' ') };
  }
  throw new Error('a refused batch was answered with a success');
}

function readDelivery(keys: readonly KeyRow[], data: unknown): Delivery {
  const { migrated, failed } = isObject(data) ? data : {};
  if (!Array.isArray(migrated) || !Array.isArray(failed)) throw nonsense('names no hashes');
  const stored = new Set(migrated.map((entry: unknown) => (isObject(entry) ? entry.hash : undefined)));
  const taken = new Set<unknown>(failed);
  let imported = 0;
  const alreadyThere: RowFailure[] = [];
  for (const { row, line, hash } of keys) {
    // Of a hash that the batch repeats, the first row made the key.
    if (stored.delete(hash)) imported++;
    else if (taken.has(hash)) alreadyThere.push({ row, line, code: 'already_there', reason: ALREADY_THERE });
    else throw nonsense('says nothing about a hash that was sent');
  }
  return { imported, alreadyThere, refused: [] };
}

const ALREADY_THERE =
  'a key with this hash is there already: imported earlier, repeated in the file, or of another workspace';

function nonsense(what: string): CliError {
  return new CliError({
    exitCode: EXIT.failed,
    code: 'unexpected_answer',
    title: 'unexpected answer',
    detail: `the answer of keys.migrateKeys ${what}`,
    hint: 'check --api-url',
  });
}
