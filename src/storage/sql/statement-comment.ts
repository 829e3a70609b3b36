import { currentRequestScope } from '../../lib/request-scope.ts';

/** What a statement's comment says of the process. */
export interface StatementTags {
  readonly region: string;
  readonly releaseSha?: string | undefined;
}

/**
 * The comment that tells a database operator where a statement comes from, or nothing outside a request. Values are
 * percent-encoded, so that none can end the comment. Source: the statement tag of the HTTP contract, section 7.
 * @param mode `ro` for statements on the replica, `rw` on the primary
 */
export function statementComment(tags: StatementTags, operation: string, mode: 'ro' | 'rw'): string {
  const scope = currentRequestScope();
  if (scope === undefined) return '';
  const entries: [string, string][] = [
    ['application', 'unkey'],
    ['service', 'api'],
    ['region', tags.region],
    ['release_sha', tags.releaseSha ?? ''],
    ['operation', operation],
    ['route', scope.route],
    ['source', 'http'],
    ['mode', mode],
  ];
  const text = entries.flatMap(([name, value]) => (value === '' ? [] : [`${name}='${encode(value)}'`]));
  return ` /*${text.join(',')}*/`;
}

/** Percent-encoding that also covers the characters with a meaning in comments and literals. */
function encode(value: string): string {
  return encodeURIComponent(value).replace(
    /['*!()]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
