import { type Finding, fail, ok, warn } from '../check.ts';

const NEEDED = ['SELECT', 'INSERT', 'UPDATE', 'DELETE'];
/** Rights that no part of this service uses. */
const TOO_MUCH = ['SUPER', 'GRANT OPTION', 'FILE', 'SHUTDOWN', 'CREATE USER', 'PROCESS', 'RELOAD'];

const GRANT = /^GRANT (.+?) ON (?:(?:TABLE )?(`(?:[^`]|``)+`|\*|[^\s.]+)\.(`(?:[^`]|``)+`|\*|\S+)) TO /i;

const unquoted = (name: string) => (name.startsWith('`') ? name.slice(1, -1).replaceAll('``', '`') : name);

/** Whether a grant's database pattern (`%` and `_` wild, `\` escapes) covers a database. */
function covers(pattern: string, database: string): boolean {
  if (pattern === '*') return true;
  const source = pattern.replace(
    /\\(.)|([%_])|([^%_\\])/g,
    (_whole, escaped?: string, wild?: string, plain?: string) =>
      wild === '%'
        ? '.*'
        : wild === '_'
          ? '.'
          : `\\u{${(escaped ?? plain ?? '').codePointAt(0)?.toString(16)}}`,
  );
  return new RegExp(`^${source}$`, 'iu').test(database);
}

/**
 * Whether the account of the server may do what it must on `database`, and no more.
 * @param grants the rows of SHOW GRANTS
 */
export function judgeGrants(grants: readonly string[], database: string): Finding {
  const held = new Set<string>();
  let throughRole = false;
  for (const grant of grants) {
    const match = GRANT.exec(grant);
    if (match === null) {
      throughRole ||= /^GRANT (?!PROXY|USAGE)/i.test(grant);
      continue;
    }
    const [, privileges = '', pattern = '', table = ''] = match;
    if (table !== '*' || !covers(unquoted(pattern), database)) continue;
    for (const privilege of privileges.split(/,\s*/)) held.add(privilege.trim().toUpperCase());
    if (/ WITH GRANT OPTION/i.test(grant)) held.add('GRANT OPTION');
    if (pattern === '*' && /^ALL\b/i.test(privileges)) held.add('SUPER');
  }
  const all = held.has('ALL PRIVILEGES') || held.has('ALL');
  const missing = all ? [] : NEEDED.filter((privilege) => !held.has(privilege));
  if (missing.length > 0 && throughRole) return ok('rights come from a role');
  if (missing.length > 0) {
    return fail(
      `the user lacks ${missing.join(', ')}`,
      `GRANT ${missing.join(', ')} ON ${database}.* to the user of database.primary`,
    );
  }
  const surplus = TOO_MUCH.filter((privilege) => held.has(privilege));
  return surplus.length === 0
    ? ok('may do what it needs')
    : warn(
        `the user holds more than it needs: ${surplus.join(', ')}`,
        'use an account with rights on the schema alone',
      );
}
