import { nearest } from '../../lib/nearest.ts';
import { type CliError, usageError } from '../cli/cli-error.ts';
import type { ColumnMap } from './column-map.ts';
import { FIELD_NAMES, type Field } from './fields.ts';
import { HASH_SOURCES } from './key-hash.ts';

/**
 * The fields of the columns, in order; undefined for a column that is not imported.
 *
 * @param header its cells, or what keeps it from being read
 * @throws CliError exit 2 when it cannot be used. It quotes no cell: a file without a header begins with a key.
 */
export function readHeader(header: readonly string[] | string, columns: ColumnMap): (Field | undefined)[] {
  if (typeof header === 'string') throw usageError(`the header row ${header}`);
  if (header.length === 0) throw usageError('the file is empty; CSV begins with a header row');
  const names = header.map((cell) => cell.trim());
  for (const column of columns.mapped) {
    if (!names.includes(column))
      throw usageError(`--map names the column '${column}', which the header has not`);
  }
  const fields = names.map((name, index) => fieldOfColumn(name, index, columns));
  const given = fields.flatMap((field) => field?.name ?? []);
  const twice = given.find((name, index) => given.indexOf(name) !== index);
  if (twice !== undefined) throw usageError(`the header has two columns for '${twice}'`);
  if (!HASH_SOURCES.some((name) => given.includes(name))) {
    throw usageError(
      `the header has no column for any of ${HASH_SOURCES.join(', ')}; name it with --map <column>=<field>`,
    );
  }
  return fields;
}

function fieldOfColumn(name: string, index: number, columns: ColumnMap): Field | undefined {
  // What a comma at the end of each line makes.
  if (name === '') return undefined;
  const field = columns.fieldOf(name);
  if (field === undefined) throw unknownColumn(name, index);
  return field === 'left out' ? undefined : field;
}

function unknownColumn(name: string, index: number): CliError {
  const near = nearest(name, FIELD_NAMES);
  return usageError(
    `column ${index + 1} of the header is no field of a key${near === undefined ? '' : ` (did you mean ${near}?)`}; ` +
      'pass --map <column>=<field>, or --map <column>= to leave it out',
  );
}
