import type { DocumentSchema, OpenApiDocument } from './openapi-types.ts';

type Schema = Readonly<Record<string, unknown>>;

/**
 * Paths from the root of any body to what must never be logged, as the marks `x-unkey-redact` of the document's request
 * and success bodies give them: `key`, `data.key`, `data[].plaintext`. Sorted, each once.
 *
 * @throws Error when nothing is marked: a service that would log secrets must not start.
 */
export function redactedPaths(document: OpenApiDocument): string[] {
  const found = new Set<string>();
  for (const body of bodies(document)) collect(body, '', found, document);
  if (found.size === 0) throw new Error('The OpenAPI document marks nothing with x-unkey-redact');
  return [...found].toSorted();
}

function* bodies(document: OpenApiDocument): Generator<DocumentSchema> {
  for (const item of Object.values(document.paths)) {
    for (const { requestBody, responses } of Object.values(item)) {
      const answers = Object.values(responses).flatMap((answer) => ('content' in answer ? [answer] : []));
      for (const { content } of [...(requestBody === undefined ? [] : [requestBody]), ...answers]) {
        for (const { schema } of Object.values(content)) yield schema;
      }
    }
  }
}

function collect(node: unknown, path: string, found: Set<string>, document: OpenApiDocument): void {
  const schema = resolve(node, document);
  if (schema === undefined) return;
  if (schema['x-unkey-redact'] === true) {
    if (path === '') throw new Error('A whole body is marked with x-unkey-redact: mark its members');
    found.add(path);
    return;
  }
  const { properties, items, anyOf, oneOf, allOf } = schema;
  for (const [name, child] of Object.entries(properties ?? {})) {
    collect(child, path === '' ? name : `${path}.${name}`, found, document);
  }
  if (items !== undefined) collect(items, `${path}[]`, found, document);
  for (const branch of [anyOf ?? [], oneOf ?? [], allOf ?? []].flat()) collect(branch, path, found, document);
}

function resolve(node: unknown, document: OpenApiDocument): Schema | undefined {
  if (typeof node !== 'object' || node === null) return undefined;
  const schema = node as Schema;
  if (typeof schema.$ref !== 'string') return schema;
  const name = schema.$ref.slice('#/components/schemas/'.length);
  return document.components.schemas[name] as Schema | undefined;
}
