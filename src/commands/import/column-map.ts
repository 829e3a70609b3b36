// Which field a column of the file is for: what --map says, else the field of the same name.
import { nearest } from '../../lib/nearest.ts';
import { usageError } from '../cli/cli-error.ts';
import { FIELD_NAMES, type Field, findField } from './fields.ts';

export interface ColumnMap {
  /** `left out` for a column that --map gives no field, undefined for one that nobody knows. */
  fieldOf(column: string): Field | 'left out' | undefined;
  /** The columns that --map names. */
  readonly mapped: readonly string[];
}

/**
 * Reads the values of `--map`: `column=field`, or `column=` for a column that is not imported.
 *
 * @throws CliError exit 2 for anything else, an unknown field, a column named twice, and a field given twice
 */
export function parseColumnMap(values: readonly string[]): ColumnMap {
  const columns = new Map<string, Field | 'left out'>();
  const taken = new Set<string>();
  for (const value of values) {
    const { column, name } = cutMapping(value);
    if (columns.has(column)) throw usageError(`--map names the column '${column}' twice`);
    if (name !== '' && taken.has(name)) throw usageError(`--map gives the field '${name}' two columns`);
    taken.add(name);
    columns.set(column, name === '' ? 'left out' : knownField(name));
  }
  return {
    fieldOf: (column) => columns.get(column) ?? (taken.has(column) ? undefined : findField(column)),
    mapped: [...columns.keys()],
  };
}

function cutMapping(value: string): { readonly column: string; readonly name: string } {
  const at = value.lastIndexOf('=');
  if (at < 1) throw usageError(`--map takes column=field, got '${value}'`);
  return { column: value.slice(0, at), name: value.slice(at + 1) };
}

function knownField(name: string): Field {
  const field = findField(name);
  if (field !== undefined) return field;
  const near = nearest(name, FIELD_NAMES);
  const hint =
    near === undefined ? `fields: ${FIELD_NAMES.join(', ')}, meta.<member>` : `did you mean ${near}?`;
  throw usageError(`--map: '${name}' is no field of a key; ${hint}`);
}
