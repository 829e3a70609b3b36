// What may be imported, and how the items of one batch relate: rules that need no store.

import { Fault } from '../../lib/fault.ts';
import type { PermissionRow } from '../../storage/sql/queries/permissions.ts';
import type { RoleRow } from '../../storage/sql/queries/roles.ts';
import { invalidInput } from '../input-fault.ts';
import { type CreditColumns, creditsOfNewKey } from './credits.ts';
import type { KeySettings } from './issue-key.ts';
import { serializeMeta } from './key-meta.ts';

/** A key of another system: only its hash is known here, never its text. */
export interface KeyImport extends KeySettings {
  /** As the algorithm of its migration has it; stored as it is. */
  readonly hash: string;
}

/** An import that passed the rules, with those settings that have a form of their own in the store. */
export interface CheckedImport {
  readonly settings: KeyImport;
  readonly credits: CreditColumns;
  /** JSON text. */
  readonly meta: string | null;
}

/** The rows that an import names, in the order in which it names them, each once. */
export interface ImportReferences {
  readonly identityId: string | null;
  readonly permissions: readonly PermissionRow[];
  readonly roles: readonly RoleRow[];
}

/** An import with the id of its key and all that the key is stored with. */
export interface ImportedKey extends CheckedImport, ImportReferences {
  readonly id: string;
}

/** Size of the column, in characters. */
const MAX_HASH_LENGTH = 256;

/**
 * The first import of each hash, in order. Throws a Fault `invalid_input` that names the first item with a hash or meta
 * too long for its column, or with credits that `creditsOfNewKey` refuses.
 */
export function checkImports(imports: readonly KeyImport[]): CheckedImport[] {
  const byHash = new Map<string, CheckedImport>();
  imports.forEach((item, index) => {
    const checked = checkItem(item, index);
    if (!byHash.has(item.hash)) byHash.set(item.hash, checked);
  });
  return [...byHash.values()];
}

/** The rules of one import. Throws a Fault `invalid_input` that tells the first one it breaks. */
export function checkImport(settings: KeyImport): CheckedImport {
  if (isLonger(settings.hash, MAX_HASH_LENGTH)) {
    throw invalidInput(`\`hash\` may have at most ${MAX_HASH_LENGTH} characters.`);
  }
  return {
    settings,
    credits: creditsOfNewKey(settings.credits),
    meta: settings.meta === undefined ? null : serializeMeta(settings.meta),
  };
}

function checkItem(settings: KeyImport, index: number): CheckedImport {
  try {
    return checkImport(settings);
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    throw new Fault(cause.code, { public: `Nothing was migrated because of \`keys[${index}]\`.`, cause });
  }
}

/** Counts code points, as the column does. */
function isLonger(text: string, max: number): boolean {
  return text.length > max && [...text].length > max;
}

/** The hashes of a batch that were not stored by their first import or that it repeats, each once, in order. */
export function failedHashes(imports: readonly KeyImport[], stored: ReadonlySet<string>): readonly string[] {
  const seen = new Set<string>();
  const failed = new Set<string>();
  for (const { hash } of imports) {
    if (seen.has(hash) || !stored.has(hash)) failed.add(hash);
    seen.add(hash);
  }
  return [...failed];
}
