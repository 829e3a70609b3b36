import type { DocumentSchema, OpenApiDocument } from './openapi-types.ts';

type Schema = Readonly<Record<string, unknown>>;

/**
 * Paths from the root of any body to what must never be logged, as the marks `x-unkey-redact` of the document's request
 * and success bodies give them: `key`, `data.key`, `data[].plaintext`. Sorted, each once.
 *
 * @throws Error when nothing is marked, when a mark is on anything but a member (a whole body, the items of an array), and
 * when marks are in a schema that contains itself, as no list of paths covers those: a service that would log secrets must
 * not start.
 */
export function redactedPaths(document: OpenApiDocument): string[] {
  const found = new Set<string>();
  for (const body of bodies(document)) collect(body, '', [], { document, found });
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

interface Search {
  readonly document: OpenApiDocument;
  readonly found: Set<string>;
}

/** `around` are the schemas that the node is in. */
function collect(node: unknown, path: string, around: readonly Schema[], search: Search): void {
  const schema = resolve(node, search.document);
  if (schema === undefined) return;
  if (around.includes(schema)) {
    if (hasMark(schema, search.document, new Set())) {
      throw new Error(`${path} contains itself and has marks of x-unkey-redact`);
    }
    return;
  }
  if (schema['x-unkey-redact'] === true) {
    if (path === '' || path.endsWith('[]')) {
      throw new Error(`${path || 'A whole body'} is marked with x-unkey-redact: mark its members`);
    }
    search.found.add(path);
    return;
  }
  const inside = [...around, schema];
  for (const [step, child] of children(schema)) {
    const isRootMember = path === '' && step.startsWith('.');
    collect(child, isRootMember ? step.slice(1) : `${path}${step}`, inside, search);
  }
}

function hasMark(node: unknown, document: OpenApiDocument, seen: Set<Schema>): boolean {
  const schema = resolve(node, document);
  if (schema === undefined || seen.has(schema)) return false;
  seen.add(schema);
  return (
    schema['x-unkey-redact'] === true ||
    [...children(schema)].some(([, child]) => hasMark(child, document, seen))
  );
}

/** What a schema is made of, each with the step that leads to it; branches of the same value are no step. */
function* children(schema: Schema): Generator<[step: string, child: unknown]> {
  const { properties, items, anyOf, oneOf, allOf } = schema;
  for (const [name, child] of Object.entries(properties ?? {})) yield [`.${name}`, child];
  if (items !== undefined) yield ['[]', items];
  for (const branch of [anyOf ?? [], oneOf ?? [], allOf ?? []].flat()) yield ['', branch];
}

function resolve(node: unknown, document: OpenApiDocument): Schema | undefined {
  if (typeof node !== 'object' || node === null) return undefined;
  const schema = node as Schema;
  if (typeof schema.$ref !== 'string') return schema;
  const name = schema.$ref.slice('#/components/schemas/'.length);
  return document.components.schemas[name] as Schema | undefined;
}
