// Free-text search in a few columns: a substring, in which no character is a wildcard. Source: the search rule of the
// portability section of the data model.

/** The escape character; not the backslash, which MySQL and SQLite read differently in a literal. */
const ESCAPE = '!';

/**
 * A condition true when one of the columns contains the text, ASCII letters in any case.
 * @param parameter the name of a placeholder, without its colon, that holds what `searchPattern` made of the text
 */
export function contains(columns: readonly string[], parameter: string): string {
  const each = columns.map((column) => `LOWER(${column}) LIKE LOWER(:${parameter}) ESCAPE '${ESCAPE}'`);
  return `(${each.join(' OR ')})`;
}

/** The pattern that a column must fit to contain the text. */
export function searchPattern(text: string): string {
  return `%${text.replace(/[!%_]/g, `${ESCAPE}$&`)}%`;
}
