// What may stand in a statement that cannot bind it: names of users, tables and columns.

const IDENTIFIER = /^[a-zA-Z0-9_]+$/;
const TABLE = /^[a-zA-Z0-9_]+\.[a-zA-Z0-9_]+$/;

export function isIdentifier(name: string): boolean {
  return IDENTIFIER.test(name);
}

/** @throws Error unless the name consists of letters, digits and underscores */
export function assertIdentifier(name: string): void {
  if (!isIdentifier(name)) throw new Error('a name may hold letters, digits and underscores only');
}

/** @throws Error unless the name is a database and a table, both plain identifiers */
export function assertTable(name: string): void {
  if (!TABLE.test(name)) throw new Error('a table is to be named as database.table');
}

/** A string literal of a value that {@link assertIdentifier} has let pass. */
export function quotedString(identifier: string): string {
  assertIdentifier(identifier);
  return `'${identifier}'`;
}
