import { isObject } from '../../lib/json.ts';
import type { AnyOperation } from '../../server/operation.ts';
import { type DocumentOperation, documentOperations } from './document-operations.ts';
import type { Complaint } from './findings.ts';
import { membersOf, resolveReference } from './json-pointer.ts';

/** What every operation of a contract must say. */
export function operationComplaints(document: unknown): Complaint[] {
  return documentOperations(document).flatMap((each) => [
    ...missingTexts(each),
    ...missingExamples(document, each),
    ...missingErrors(each),
  ]);
}

const TEXTS = { operationId: 'operation-id', summary: 'summary', description: 'description' } as const;

function missingTexts({ route, operation, path }: DocumentOperation): Complaint[] {
  return Object.entries(TEXTS).flatMap(([member, rule]): Complaint[] => {
    const value = operation[member];
    return typeof value === 'string' && value.trim() !== ''
      ? []
      : [{ severity: 'error', rule, path, message: `${route} has no ${member}` }];
  });
}

function missingExamples(document: unknown, { route, operation, path }: DocumentOperation): Complaint[] {
  const complaints: Complaint[] = [];
  const body = resolveReference(document, operation.requestBody);
  if (body !== undefined && !hasExample(body)) {
    complaints.push({
      severity: 'error',
      rule: 'example',
      path: [...path, 'requestBody'],
      message: `${route} has no example of a request`,
    });
  }
  for (const [status, response] of membersOf(operation.responses)) {
    if (!status.startsWith('2') || hasExample(resolveReference(document, response))) continue;
    complaints.push({
      severity: 'error',
      rule: 'example',
      path: [...path, 'responses', status],
      message: `${route} has no example of its answer ${status}`,
    });
  }
  return complaints;
}

/** Whether each media type of a body has an example; a body without any needs none. */
function hasExample(body: unknown): boolean {
  const content = isObject(body) ? body.content : undefined;
  return membersOf(content).every(
    ([, media]) => isObject(media) && ('example' in media || membersOf(media.examples).length > 0),
  );
}

function missingErrors({ route, operation, path }: DocumentOperation): Complaint[] {
  const statuses = membersOf(operation.responses).map(([status]) => status);
  if (statuses.some((status) => /^[45]/.test(status))) return [];
  return [{ severity: 'error', rule: 'errors', path, message: `${route} declares no errors` }];
}

/** No two operations share an id. */
export function operationIdComplaints(document: unknown): Complaint[] {
  const owners = new Map<unknown, string>();
  return documentOperations(document).flatMap(({ route, operation, path }): Complaint[] => {
    const { operationId } = operation;
    if (operationId === undefined) return [];
    const owner = owners.get(operationId);
    if (owner === undefined) {
      owners.set(operationId, route);
      return [];
    }
    return [
      {
        severity: 'error',
        rule: 'operation-id-unique',
        path: [...path, 'operationId'],
        message: `${route} has the operationId '${String(operationId)}' of ${owner}`,
      },
    ];
  });
}

/** The document has the served routes, and no others. */
export function routeComplaints(document: unknown, operations: readonly AnyOperation[]): Complaint[] {
  const served = new Set(operations.map(({ method, path }) => `${method} ${path}`));
  const documented = documentOperations(document);
  const routes = new Set(documented.map(({ route }) => route));
  return [
    ...[...served]
      .filter((route) => !routes.has(route))
      .map(
        (route): Complaint => ({
          severity: 'error',
          rule: 'route-missing',
          path: ['paths'],
          message: `${route} is served and not in the document`,
        }),
      ),
    ...documented
      .filter(({ route }) => !served.has(route))
      .map(
        ({ route, path }): Complaint => ({
          severity: 'error',
          rule: 'route-unknown',
          path,
          message: `${route} is in the document and not served`,
        }),
      ),
  ];
}

/** Every tag that the document lists tells what it groups. */
export function tagComplaints(document: unknown): Complaint[] {
  const tags = isObject(document) && Array.isArray(document.tags) ? document.tags : [];
  return tags.flatMap((tag: unknown, index): Complaint[] =>
    isObject(tag) && typeof tag.description !== 'string'
      ? [
          {
            severity: 'warning',
            rule: 'tag-description',
            path: ['tags', index],
            message: `the tag '${String(tag.name)}' has no description`,
          },
        ]
      : [],
  );
}
