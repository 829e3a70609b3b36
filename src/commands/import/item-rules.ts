// The rules of keys.migrateKeys for one item, applied before anything is sent: the schema that the server declares, and
// what it checks beyond it.
import type { ErrorObject } from 'ajv';
import { Fault, publicDetail } from '../../lib/fault.ts';
import type { JsonObject } from '../../lib/json.ts';
import { migrateKeys } from '../../server/routes/keys/migrate-keys.ts';
import { compileDecider } from '../../server/validation/ajv.ts';
import { toJsonSchema } from '../../server/validation/json-schema.ts';
import { checkImport, type KeyImport } from '../../services/keys/key-imports.ts';
import { RowProblem } from './fields.ts';

/** Times before 1973, which somebody gave in seconds. */
const MISTAKEN_FOR_SECONDS = 100_000_000_000;

/** Compiles the rules. What it yields throws a RowProblem that tells the first rule which an item breaks. */
export function compileItemRules(): (item: JsonObject) => void {
  const schema = migrateKeys.request === undefined ? undefined : toJsonSchema(migrateKeys.request, 'request');
  const itemSchema = schema?.properties?.keys?.items;
  if (itemSchema === undefined) throw new Error('keys.migrateKeys declares no items');
  const fits = compileDecider(itemSchema);
  return (item) => {
    if (!fits(item)) throw new RowProblem(describe(fits.errors?.[0]));
    if (typeof item.expires === 'number' && item.expires < MISTAKEN_FOR_SECONDS) {
      throw new RowProblem('expires lies before 1973; it is read as milliseconds, not seconds');
    }
    try {
      // The schema has told that it is one.
      checkImport(item as unknown as KeyImport);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      throw new RowProblem(publicDetail(error).replaceAll('`', '').replace(/\.$/, ''));
    }
  };
}

/** Says where and what, and never the value. */
function describe(error: ErrorObject | undefined): string {
  if (error === undefined) return 'breaks a rule of the API';
  const { instancePath, keyword, params } = error;
  const where = instancePath.slice(1).replaceAll('/', '.') || 'the row';
  switch (keyword) {
    case 'type':
      return `${where} must be of type ${[params.type].flat().join(' or ')}`;
    case 'required':
      return `${where} lacks ${String(params.missingProperty)}`;
    case 'additionalProperties':
      return `${where} has a member that does not belong there`;
    case 'minLength':
      return `${where} must have at least ${params.limit} characters`;
    case 'maxLength':
      return `${where} must have at most ${params.limit} characters`;
    case 'maxItems':
      return `${where} must have at most ${params.limit} entries`;
    case 'maxProperties':
      return `${where} must have at most ${params.limit} members`;
    case 'minimum':
      return `${where} must be at least ${params.limit}`;
    case 'maximum':
      return `${where} must be at most ${params.limit}`;
    case 'enum':
      return `${where} must be ${[params.allowedValues].flat().join(' or ')}`;
    case 'pattern':
      return `${where} must match ${String(params.pattern)}`;
    default:
      return `${where} breaks the rule ${keyword}`;
  }
}
