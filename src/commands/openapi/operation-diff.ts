import { isDeepStrictEqual } from 'node:util';
import { isObject, type JsonObject } from '../../lib/json.ts';
import type { ChangeLog } from './change.ts';
import type { DocumentPath } from './contract-file.ts';
import { membersOf, resolveReference } from './json-pointer.ts';
import { diffSchemas } from './schema-diff.ts';
import type { Side } from './schema-keywords.ts';

/** A part of an operation in its document. */
export interface Located {
  readonly document: unknown;
  readonly value: JsonObject;
  readonly path: DocumentPath;
}

/** Members that are compared by what they mean; a change of any other is one of documentation. */
const MEANINGFUL: ReadonlySet<string> = new Set([
  'operationId',
  'security',
  'requestBody',
  'responses',
  'parameters',
  'x-unkey-permissions',
]);

/** Logs every difference between two versions of one operation. */
export function diffOperations(before: Located, after: Located, log: ChangeLog): void {
  diffText(before, after, log);
  diffSecurity(before, after, log);
  diffPermissions(before, after, log);
  diffParameters(before, after, log);
  diffRequestBody(before, after, log);
  diffResponses(before, after, log);
}

function diffText({ value: old }: Located, { value: now, path }: Located, log: ChangeLog): void {
  if (old.operationId !== now.operationId) {
    log.add(
      'breaking',
      [...path, 'operationId'],
      `operationId changed from '${old.operationId}' to '${now.operationId}'`,
    );
  }
  for (const member of new Set([...Object.keys(old), ...Object.keys(now)])) {
    if (MEANINGFUL.has(member) || isDeepStrictEqual(old[member], now[member])) continue;
    log.add('docs-only', [...path, member], `${member} changed`);
  }
}

function diffSecurity(before: Located, after: Located, log: ChangeLog): void {
  if (isDeepStrictEqual(securityOf(before), securityOf(after))) return;
  log.add('breaking', [...after.path, 'security'], 'security changed');
}

/** The requirements that hold for an operation, its own or the document's, with the schemes they name. */
function securityOf({ document, value }: Located): unknown {
  const root = isObject(document) ? document : {};
  const components = isObject(root.components) ? root.components : {};
  const schemes = isObject(components.securitySchemes) ? components.securitySchemes : {};
  const requirements = value.security ?? root.security ?? [];
  if (!Array.isArray(requirements)) return requirements;
  return requirements.map((requirement: unknown) =>
    membersOf(requirement).map(([name, scopes]) => [
      withoutText(resolveReference(document, schemes[name])),
      scopes,
    ]),
  );
}

function withoutText(scheme: unknown): unknown {
  return isObject(scheme) ? { ...scheme, description: undefined } : scheme;
}

/** Permissions are alternatives: one more opens another way, one less closes a way that callers may be using. */
function diffPermissions(
  { value: old, path: oldPath }: Located,
  { value: now, path }: Located,
  log: ChangeLog,
): void {
  const name = 'x-unkey-permissions';
  const [was, is] = [stringsOf(old[name]), stringsOf(now[name])];
  for (const permission of was.difference(is)) {
    log.add('breaking', [...oldPath, name], `permission '${permission}' removed`);
  }
  for (const permission of is.difference(was)) {
    log.add('compatible', [...path, name], `permission '${permission}' added`);
  }
}

function stringsOf(value: unknown): Set<string> {
  return new Set(Array.isArray(value) ? value.map(String) : []);
}

function diffParameters(before: Located, after: Located, log: ChangeLog): void {
  const [was, is] = [parametersOf(before), parametersOf(after)];
  for (const [name, { path }] of was) {
    if (!is.has(name)) log.add('breaking', path, `parameter ${name} removed`);
  }
  for (const [name, parameter] of is) {
    const old = was.get(name);
    const required = parameter.value.required === true;
    if (old === undefined) {
      log.add(required ? 'breaking' : 'compatible', parameter.path, `parameter ${name} added`);
      continue;
    }
    if (required !== (old.value.required === true)) {
      log.add(
        required ? 'breaking' : 'compatible',
        parameter.path,
        `parameter ${name} became ${required ? 'required' : 'optional'}`,
      );
    }
    diffSchemas(schemaOf(old), schemaOf(parameter), 'request', log);
  }
}

function parametersOf({ document, value, path }: Located): Map<string, Located> {
  const list: unknown[] = Array.isArray(value.parameters) ? value.parameters : [];
  return new Map(
    list.flatMap((item, index) => {
      const parameter = resolveReference(document, item);
      return isObject(parameter)
        ? [
            [
              `${String(parameter.in)} '${String(parameter.name)}'`,
              { document, value: parameter, path: [...path, 'parameters', index] },
            ] as const,
          ]
        : [];
    }),
  );
}

function diffRequestBody(before: Located, after: Located, log: ChangeLog): void {
  const [old, now] = [memberOf(before, 'requestBody'), memberOf(after, 'requestBody')];
  const required = now?.value.required === true;
  if (old === undefined && now !== undefined) {
    log.add(
      required ? 'breaking' : 'compatible',
      now.path,
      `${required ? 'required' : 'optional'} body added`,
    );
  }
  if (old !== undefined && now === undefined) log.add('compatible', old.path, 'body no longer read');
  if (old === undefined || now === undefined) return;
  if (required !== (old.value.required === true)) {
    log.add(
      required ? 'breaking' : 'compatible',
      [...now.path, 'required'],
      `body became ${required ? 'required' : 'optional'}`,
    );
  }
  diffContent(old, now, 'request', log);
}

function diffResponses(before: Located, after: Located, log: ChangeLog): void {
  const [was, is] = [responsesOf(before), responsesOf(after)];
  for (const [status, { path }] of was) {
    if (!is.has(status)) log.add('breaking', path, `status ${status} removed`);
  }
  for (const [status, response] of is) {
    const old = was.get(status);
    if (old !== undefined) diffResponse(old, response, log);
    // Callers must cope with any failure, but wait for the success that they know.
    else log.add(/^[45]/.test(status) ? 'compatible' : 'breaking', response.path, `status ${status} added`);
  }
}

function responsesOf(operation: Located): Map<string, Located> {
  const responses = memberOf(operation, 'responses');
  const statuses = Object.keys(responses?.value ?? {});
  return new Map(
    statuses.flatMap((status) => {
      const response = responses && memberOf(responses, status);
      return response === undefined ? [] : [[status, response] as const];
    }),
  );
}

function diffResponse(before: Located, after: Located, log: ChangeLog): void {
  const name = 'x-unkey-error-types';
  const [was, is] = [stringsOf(before.value[name]), stringsOf(after.value[name])];
  for (const type of was.difference(is)) log.add('breaking', [...before.path, name], `error ${type} removed`);
  for (const type of is.difference(was)) log.add('compatible', [...after.path, name], `error ${type} added`);
  if (before.value.description !== after.value.description && isDeepStrictEqual(was, is)) {
    log.add('docs-only', [...after.path, 'description'], 'description changed');
  }
  diffHeaders(before, after, log);
  diffContent(before, after, 'response', log);
}

function diffHeaders(before: Located, after: Located, log: ChangeLog): void {
  const [was, is] = [namesIn(before, 'headers'), namesIn(after, 'headers')];
  for (const name of was.difference(is)) {
    log.add('breaking', [...before.path, 'headers', name], `header ${name} removed`);
  }
  for (const name of is.difference(was)) {
    log.add('compatible', [...after.path, 'headers', name], `header ${name} added`);
  }
}

function diffContent(before: Located, after: Located, side: Side, log: ChangeLog): void {
  const [was, is] = [namesIn(before, 'content'), namesIn(after, 'content')];
  const message = (type: string, what: string): string => `${side}: content type ${type} ${what}`;
  for (const type of was.difference(is)) {
    log.add('breaking', [...before.path, 'content', type], message(type, 'removed'));
  }
  for (const type of is.difference(was)) {
    log.add('compatible', [...after.path, 'content', type], message(type, 'added'));
  }
  for (const type of was.intersection(is)) {
    const [old, now] = [mediaOf(before, type), mediaOf(after, type)];
    diffSchemas(schemaOf(old), schemaOf(now), side, log);
    if (!isDeepStrictEqual(old.value.example, now.value.example)) {
      log.add('docs-only', [...now.path, 'example'], `${side}: example changed`);
    }
  }
}

function namesIn({ value }: Located, member: string): Set<string> {
  return new Set(membersOf(value[member]).map(([name]) => name));
}

function mediaOf({ document, value, path }: Located, type: string): Located {
  const content = isObject(value.content) ? value.content : {};
  const media = content[type];
  return { document, value: isObject(media) ? media : {}, path: [...path, 'content', type] };
}

function memberOf({ document, value, path }: Located, name: string): Located | undefined {
  const member = resolveReference(document, value[name]);
  return isObject(member) ? { document, value: member, path: [...path, name] } : undefined;
}

function schemaOf({ document, value, path }: Located): {
  document: unknown;
  schema: unknown;
  path: DocumentPath;
} {
  return { document, schema: value.schema, path: [...path, 'schema'] };
}
