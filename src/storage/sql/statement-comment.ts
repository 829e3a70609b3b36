import { currentRequestScope } from '../../lib/request-scope.ts';

/** What a statement's comment says of the process. */
export interface StatementTags {
  readonly region: string;
  readonly releaseSha?: string | undefined;
}

/** The comment for a statement with this name. @param mode `ro` for statements on the replica, `rw` on the primary */
export type StatementComment = (operation: string, mode: 'ro' | 'rw') => string;

/**
 * The comment that tells a database operator where a statement comes from, or nothing outside a request. Values are
 * percent-encoded, so that none can end the comment. Source: the statement tag of the HTTP contract, section 7.
 */
export function createStatementComment({ region, releaseSha = '' }: StatementTags): StatementComment {
  const ofProcess = entriesOf({ application: 'unkey', service: 'api', region, release_sha: releaseSha });
  // Statements and routes have constant names, so that there are few comments.
  const known = new Map<string, string>();
  return (operation, mode) => {
    const scope = currentRequestScope();
    if (scope === undefined) return '';
    const key = `${operation} ${mode} ${scope.route}`;
    let comment = known.get(key);
    if (comment === undefined) {
      const ofStatement = entriesOf({ operation, route: scope.route, source: 'http', mode });
      comment = ` /*${[...ofProcess, ...ofStatement].join(',')}*/`;
      known.set(key, comment);
    }
    return comment;
  };
}

function entriesOf(values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).flatMap(([name, value]) =>
    value === '' ? [] : [`${name}='${encode(value)}'`],
  );
}

/** Percent-encoding that also covers the characters with a meaning in comments and literals. */
function encode(value: string): string {
  return encodeURIComponent(value).replace(
    /['*!()]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
