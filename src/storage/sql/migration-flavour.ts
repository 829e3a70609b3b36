// MariaDB takes the migrations that are written for MySQL, once a few words in them are its own.
import type { Queryable } from './database.ts';

/** MariaDB's names for the collations of the same behaviour. Source: data model, section 11.1. */
export const MARIADB_COLLATIONS: readonly (readonly [string, string])[] = [
  ['utf8mb4_0900_as_cs', 'utf8mb4_nopad_bin'],
  ['utf8mb4_0900_ai_ci', 'utf8mb4_unicode_nopad_ci'],
];

/**
 * What MySQL's `json` is on MariaDB, without the check that MariaDB's own puts on it: that refuses 32 levels of nesting,
 * and the application writes nothing but JSON anyway.
 */
const MARIADB_JSON = 'longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin';

/** How a statement of a file is written for this very server. */
export async function statementsFor(q: Queryable): Promise<(statement: string) => string> {
  if (q.dialect !== 'mysql') return (statement) => statement;
  const [server] = await q.all<{ version: string }>('serverVersion', 'SELECT VERSION() AS version');
  if (server?.version.includes('MariaDB') !== true) return (statement) => statement;
  return (statement) =>
    MARIADB_COLLATIONS.reduce(
      (text, [mysql, mariadb]) => text.replaceAll(mysql, mariadb),
      // The type of a column: what follows its quoted name.
      statement.replaceAll('` json ', `\` ${MARIADB_JSON} `),
    );
}
