// Bodies as they may be kept: what the contract marks as secret is replaced, every other character stays. Source: the
// request-log sections of the HTTP and analytics chapters.

import { jsonSpans } from './json-spans.ts';
import { looseSpans } from './loose-spans.ts';
import { memberPaths } from './member-paths.ts';

/** What stands in the place of a secret. */
export const REDACTED = '[REDACTED]';

const REDACTED_JSON = JSON.stringify(REDACTED);

/** A body with every sensitive value replaced; doing it twice changes nothing more. */
export type BodyRedactor = (body: string) => string;

/**
 * Redacts by paths such as `data[].plaintext`, as `redactedPaths` of the API document yields them. A body that is no JSON
 * is redacted by the last names of the paths, wherever they are.
 * @throws Error when there are no paths, or one is none
 */
export function createBodyRedactor(paths: readonly string[]): BodyRedactor {
  const { root, names } = memberPaths(paths);
  return (body) => {
    if (!body.includes('"')) return body;
    const spans = jsonSpans(body, root) ?? looseSpans(body, names);
    if (spans.length === 0) return body;
    const kept: string[] = [];
    let at = 0;
    for (const { start, end } of spans) {
      kept.push(body.slice(at, start), REDACTED_JSON);
      at = end;
    }
    kept.push(body.slice(at));
    return kept.join('');
  };
}
