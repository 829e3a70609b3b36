import { isObject, type JsonObject } from '../../lib/json.ts';
import type { DocumentPath } from './contract-file.ts';
import { membersOf } from './json-pointer.ts';

const METHODS: ReadonlySet<string> = new Set([
  'get',
  'put',
  'post',
  'delete',
  'options',
  'head',
  'patch',
  'trace',
]);

/** An operation of a document and where it stands there. */
export interface DocumentOperation {
  /** `POST /v2/keys.verifyKey`. */
  readonly route: string;
  readonly operation: JsonObject;
  readonly path: DocumentPath;
}

/** Every operation of a document, in its order. */
export function documentOperations(document: unknown): DocumentOperation[] {
  const paths = isObject(document) ? document.paths : undefined;
  return membersOf(paths).flatMap(([url, item]) =>
    membersOf(item).flatMap(([method, operation]) =>
      METHODS.has(method) && isObject(operation)
        ? [{ route: `${method.toUpperCase()} ${url}`, operation, path: ['paths', url, method] }]
        : [],
    ),
  );
}
