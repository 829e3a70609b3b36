// Merges flags, environment and file into one value per setting, each with its origin: flag > environment > file.
import { nearest } from '../lib/nearest.ts';
import type { Setting } from './catalogue.ts';
import { coerce } from './coerce.ts';
import { expandVariables } from './expand.ts';
import type { ConfigProblem } from './problems.ts';
import { type Environment, type FileSource, type ReadFile, readEnvironment } from './sources.ts';

/** Settings given by flags, by TOML path. `flag` is how a message names it: `--http-port`. */
export type SettingFlags = Readonly<
  Record<string, { readonly flag: string; readonly value: string | number | boolean | readonly string[] }>
>;

export interface Given {
  readonly value: unknown;
  /** `flag`, `env NAME` or `file:line`. */
  readonly origin: string;
}

export interface Resolved {
  /** Values that were given, by TOML path. */
  readonly given: ReadonlyMap<string, Given>;
  /** Tables that the file holds, whether or not they hold a key. */
  readonly tables: ReadonlySet<string>;
  /** Unknown keys and unset variables: warnings, or problems when the caller is strict. */
  readonly doubts: readonly ConfigProblem[];
}

type Table = Readonly<Record<string, unknown>>;

const isTable = (value: unknown): value is Table =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

export function resolveSettings(
  catalogue: readonly Setting[],
  sources: {
    readonly flags: SettingFlags;
    readonly env: Environment;
    readonly cwd: string;
    readonly readFile: ReadFile;
    readonly file: FileSource | undefined;
  },
  problems: ConfigProblem[],
): Resolved {
  const given = new Map<string, Given>();
  const doubts: ConfigProblem[] = [];
  const file =
    sources.file === undefined ? undefined : flatten(catalogue, sources.file, sources.env, doubts, problems);
  for (const setting of catalogue) {
    const fromEnvironment = readEnvironment(setting, sources, problems);
    const flag = sources.flags[setting.path];
    const fromFile = file?.given.get(setting.path);
    const chosen =
      flag !== undefined
        ? {
            value: typeof flag.value === 'string' ? coerce(setting.kind, flag.value) : flag.value,
            origin: 'flag',
          }
        : fromEnvironment !== undefined
          ? { value: coerce(setting.kind, fromEnvironment.text), origin: fromEnvironment.origin }
          : fromFile;
    // An empty text stands for "not said", as in files of the reference, except where the empty text is a value.
    if (chosen === undefined || (chosen.value === '' && !setting.mayBeEmpty)) continue;
    given.set(setting.path, chosen);
  }
  return { given, tables: file?.tables ?? new Set(), doubts };
}

/** The file's values by setting; tells unknown keys with the nearest known one. */
function flatten(
  catalogue: readonly Setting[],
  file: FileSource,
  env: Environment,
  doubts: ConfigProblem[],
  problems: ConfigProblem[],
): { given: Map<string, Given>; tables: Set<string> } {
  const given = new Map<string, Given>();
  const tables = new Set<string>();
  const settings = new Map(catalogue.map((setting) => [setting.path, setting]));
  const knownTables = new Set(catalogue.flatMap(({ path }) => parentsOf(path)));

  const visit = (table: Table, prefix: string) => {
    for (const [key, value] of Object.entries(table)) {
      const path = prefix === '' ? key : `${prefix}.${key}`;
      const setting = settings.get(path);
      const origin = file.originOf(path);
      if (setting !== undefined) {
        given.set(path, { value: expand(setting, value, path, env, origin, doubts), origin });
      } else if (knownTables.has(path)) {
        tables.add(path);
        if (isTable(value)) visit(value, path);
        else problems.push({ path, what: 'must be a table', got: kindName(value), origin });
      } else {
        const siblings = [...settings.keys(), ...knownTables].filter((known) => parentOf(known) === prefix);
        const offer = nearest(path, siblings) ?? nearest(path, settings.keys());
        const what = `unknown key${offer === undefined ? '' : `; did you mean ${offer}?`}`;
        doubts.push({ path, what, origin });
      }
    }
  };
  visit(file.tree, '');
  return { given, tables };
}

const parentOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf('.')));

function parentsOf(path: string): string[] {
  const parent = parentOf(path);
  return parent === '' ? [] : [parent, ...parentsOf(parent)];
}

const kindName = (value: unknown) => (Array.isArray(value) ? 'a list' : `a ${typeof value}`);

/** Puts variables into every string of a value; a text that was expanded may stand for a number or a boolean. */
function expand(
  setting: Setting,
  value: unknown,
  path: string,
  env: Environment,
  origin: string,
  doubts: ConfigProblem[],
): unknown {
  if (typeof value === 'string') {
    const { text, expanded, unset } = expandVariables(value, env);
    for (const name of unset) {
      doubts.push({ path, what: `the variable ${name} is not set; it was taken as empty`, origin });
    }
    return expanded && setting.kind !== 'entries' && setting.kind !== 'list'
      ? coerce(setting.kind, text)
      : text;
  }
  if (Array.isArray(value)) {
    return value.map((item, index) => expand(setting, item, `${path}[${index}]`, env, origin, doubts));
  }
  if (isTable(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        key,
        expand(setting, item, `${path}.${key}`, env, origin, doubts),
      ]),
    );
  }
  return value;
}
