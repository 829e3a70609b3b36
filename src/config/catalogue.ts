import type Joi from 'joi';
import type { SettingMeta } from './setting-meta.ts';

export type SettingKind = 'string' | 'integer' | 'number' | 'boolean' | 'duration' | 'list' | 'entries';

/** One key of a configuration file, as its schema declares it. */
export interface Setting {
  /** TOML path: `database.primary`. */
  readonly path: string;
  readonly kind: SettingKind;
  /** Undefined when an absent key stays absent. */
  readonly default: unknown;
  readonly description: string;
  readonly example: unknown;
  readonly secret: SettingMeta['secret'];
  readonly mayBeEmpty: boolean;
  /** Environment names: the one derived from the path, then the aliases. */
  readonly envNames: readonly string[];
}

/** The environment name of a TOML path: `database.primary` → `UNKEY_DATABASE_PRIMARY` (CFG-2). */
export function envNameOf(path: string): string {
  return `UNKEY_${path.replaceAll('.', '_').toUpperCase()}`;
}

/** The part of `schema.describe()` that is read here; Joi types it as unknown values. */
interface Description {
  readonly type: string;
  readonly flags?: { readonly default?: unknown; readonly description?: string };
  readonly metas?: readonly SettingMeta[];
  readonly examples?: readonly unknown[];
  readonly rules?: readonly { readonly name: string }[];
  readonly items?: readonly Description[];
  readonly keys?: Readonly<Record<string, Description>>;
}

function kindOf(description: Description, meta: SettingMeta): SettingKind {
  switch (description.type) {
    case 'boolean':
      return 'boolean';
    case 'number':
      return description.rules?.some((rule) => rule.name === 'integer') ? 'integer' : 'number';
    case 'array':
      return description.items?.some((item) => item.type === 'object') ? 'entries' : 'list';
    default:
      return meta.duration ? 'duration' : 'string';
  }
}

function* leaves(description: Description, prefix: string): Generator<Setting> {
  for (const [key, member] of Object.entries(description.keys ?? {})) {
    const path = prefix === '' ? key : `${prefix}.${key}`;
    if (member.type === 'object') {
      yield* leaves(member, path);
      continue;
    }
    const meta: SettingMeta = Object.assign({}, ...(member.metas ?? []));
    yield {
      path,
      kind: kindOf(member, meta),
      default: member.flags?.default,
      description: member.flags?.description ?? '',
      example: member.examples?.[0],
      secret: meta.secret,
      mayBeEmpty: meta.mayBeEmpty ?? false,
      envNames: [envNameOf(path), ...(meta.aliases ?? [])],
    };
  }
}

/** Every setting of a schema, in the order of declaration. */
export function catalogueOf(schema: Joi.ObjectSchema): readonly Setting[] {
  return [...leaves(schema.describe() as Description, '')];
}
