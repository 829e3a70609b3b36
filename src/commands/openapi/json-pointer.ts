import { isObject } from '../../lib/json.ts';
import type { DocumentPath } from './contract-file.ts';

/** The members of an object; of anything else, none. */
export function membersOf(value: unknown): [name: string, member: unknown][] {
  return isObject(value) ? Object.entries(value) : [];
}

/** `['paths', '/v2/x']` → `#/paths/~1v2~1x`. */
export function pointerOf(path: DocumentPath): string {
  return ['#', ...path.map((step) => String(step).replaceAll('~', '~0').replaceAll('/', '~1'))].join('/');
}

/** `#/paths/~1v2~1x` → `['paths', '/v2/x']`; undefined when the reference leaves the document. */
export function pathOfPointer(pointer: string): string[] | undefined {
  if (pointer === '#') return [];
  if (!pointer.startsWith('#/')) return undefined;
  return pointer
    .slice(2)
    .split('/')
    .map((step) => decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The part of `document` at `path`, or undefined. */
export function partAt(document: unknown, path: DocumentPath): unknown {
  let part: unknown = document;
  for (const step of path) {
    if (Array.isArray(part)) part = part[Number(step)];
    else if (isObject(part) && Object.hasOwn(part, step)) part = part[step];
    else return undefined;
  }
  return part;
}

/** What a reference stands for, followed until it is none; undefined when it leads nowhere. */
export function resolveReference(document: unknown, node: unknown): unknown {
  const seen = new Set<string>();
  let current = node;
  while (isObject(current) && typeof current.$ref === 'string') {
    if (seen.has(current.$ref)) return undefined;
    seen.add(current.$ref);
    const path = pathOfPointer(current.$ref);
    current = path === undefined ? undefined : partAt(document, path);
  }
  return current;
}
