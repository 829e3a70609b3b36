// A store's schema as plain data, written the same whichever server of a dialect it comes from (MySQL or MariaDB), so
// that two schemas can be compared.
import { HISTORY_TABLE } from '../migrations/migration-history.ts';
import type { Queryable } from './database.ts';
import { MARIADB_COLLATIONS } from './migration-flavour.ts';

export interface ColumnDescription {
  readonly name: string;
  readonly type: string;
  readonly nullable: boolean;
  /** The literal without quotes; null when there is none. */
  readonly default: string | null;
  /** null for other than text, and on SQLite. */
  readonly collation: string | null;
}

export interface TableDescription {
  readonly name: string;
  readonly columns: readonly ColumnDescription[];
  /** The columns of each unique key, the primary key left out. Names of keys do not count. */
  readonly uniqueKeys: readonly (readonly string[])[];
  /** The columns of each other index. */
  readonly indexes: readonly (readonly string[])[];
}

/** All tables by name, the migrator's own left out. Needs no right to write. */
export async function describeSchema(q: Queryable): Promise<TableDescription[]> {
  const tables = q.dialect === 'mysql' ? await describeMysql(q) : await describeSqlite(q);
  return tables.filter(({ name }) => name !== HISTORY_TABLE).sort((a, b) => (a.name < b.name ? -1 : 1));
}

interface IndexColumn {
  readonly table: string;
  readonly name: string;
  readonly isUnique: number;
  readonly column: string;
}

async function describeMysql(q: Queryable): Promise<TableDescription[]> {
  const columns = await q.all<{
    table: string;
    name: string;
    type: string;
    nullable: string;
    preset: string | null;
    collation: string | null;
  }>(
    'describeColumns',
    `SELECT c.table_name AS \`table\`, c.column_name AS name, c.column_type AS type, c.is_nullable AS nullable,
            c.column_default AS preset, c.collation_name AS collation
       FROM information_schema.columns c
       JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
      WHERE c.table_schema = DATABASE() AND t.table_type = 'BASE TABLE'
      ORDER BY c.table_name, c.ordinal_position`,
  );
  const indexColumns = await q.all<IndexColumn>(
    'describeIndexes',
    `SELECT table_name AS \`table\`, index_name AS name, CASE WHEN non_unique = 0 THEN 1 ELSE 0 END AS isUnique,
            column_name AS \`column\`
       FROM information_schema.statistics
      WHERE table_schema = DATABASE() AND index_name <> 'PRIMARY'
      ORDER BY table_name, index_name, seq_in_index`,
  );
  return [...Map.groupBy(columns, ({ table }) => table)].map(([name, ofTable]) => ({
    name,
    columns: ofTable.map(({ name: column, type, nullable, preset, collation }) => ({
      name: column,
      type: mysqlType(type, collation),
      nullable: nullable === 'YES',
      default: literal(preset),
      collation: mysqlType(type, collation) === 'json' ? null : mysqlCollation(collation),
    })),
    ...groupIndexes(indexColumns.filter(({ table }) => table === name)),
  }));
}

async function describeSqlite(q: Queryable): Promise<TableDescription[]> {
  const tables = await q.all<{ name: string }>(
    'describeTables',
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'",
  );
  const described: TableDescription[] = [];
  for (const { name } of tables) {
    const columns = await q.all<{ name: string; type: string; required: number; preset: string | null }>(
      'describeColumns',
      'SELECT name, type, "notnull" AS required, dflt_value AS preset FROM pragma_table_info(:name) ORDER BY cid',
      { name },
    );
    const indexColumns = await q.all<IndexColumn>(
      'describeIndexes',
      `SELECT :name AS "table", list.name AS name, list."unique" AS isUnique, info.name AS "column"
         FROM pragma_index_list(:name) list, pragma_index_info(list.name) info
        WHERE list.origin <> 'pk' ORDER BY list.name, info.seqno`,
      { name },
    );
    described.push({
      name,
      columns: columns.map(({ name: column, type, required, preset }) => ({
        name: column,
        type: type.toLowerCase(),
        nullable: required === 0,
        default: literal(preset),
        collation: null,
      })),
      ...groupIndexes(indexColumns),
    });
  }
  return described;
}

function groupIndexes(rows: readonly IndexColumn[]): Pick<TableDescription, 'uniqueKeys' | 'indexes'> {
  const groups = [...Map.groupBy(rows, ({ name }) => name).values()];
  const columnsOf = (unique: number) =>
    groups
      .filter(([first]) => first?.isUnique === unique)
      .map((group) => group.map(({ column }) => column))
      .sort((a, b) => (a.join() < b.join() ? -1 : 1));
  return { uniqueKeys: columnsOf(1), indexes: columnsOf(0) };
}

/** Without display widths, which newer servers no longer tell; `tinyint(1)` is the one that means something. */
function mysqlType(type: string, collation: string | null): string {
  if (type === 'longtext' && collation === 'utf8mb4_bin') return 'json';
  if (type === 'tinyint(1)') return type;
  return type.replace(/^((?:tiny|small|medium|big)?int)\(\d+\)/, '$1');
}

function mysqlCollation(collation: string | null): string | null {
  return MARIADB_COLLATIONS.find(([, mariadb]) => mariadb === collation)?.[0] ?? collation;
}

/** MariaDB and SQLite quote text and write NULL; MySQL does neither, but tells the text of an expression, with the
 * character set of whoever made the table: `_utf8mb4\'[]\'`. */
function literal(preset: string | null): string | null {
  if (preset === null || preset === 'NULL') return null;
  return preset.replace(/^(?:_\w+)?\\?'([\s\S]*?)\\?'$/, '$1');
}
