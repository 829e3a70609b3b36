import type { AnyOperation, AuthKind } from '../operation.ts';
import { isForbidden } from '../validation/joi-description.ts';
import { type JsonSchema, toJsonSchema } from '../validation/json-schema.ts';
import { ERROR_SCHEMAS, errorResponses, sharedErrorResponses } from './error-responses.ts';
import type {
  DocumentSchema,
  OpenApiDocument,
  OperationObject,
  PathItem,
  ResponseObject,
  SecurityRequirement,
} from './openapi-types.ts';
import { loadOverlay } from './overlay.ts';

const META: DocumentSchema = {
  type: 'object',
  required: ['requestId'],
  properties: {
    requestId: {
      type: 'string',
      description: 'Names the request in logs and to support.',
      examples: ['req_2cGKbMxRy'],
    },
  },
};

const PAGINATION: DocumentSchema = {
  type: 'object',
  required: ['hasMore'],
  properties: {
    hasMore: { type: 'boolean', description: 'Whether there is a next page.' },
    cursor: {
      type: 'string',
      description: 'Send it to get the next page; present exactly when there is one.',
    },
  },
};

const EXAMPLE_META = { requestId: 'req_2cGKbMxRy' };

/** Security of an operation beside the document's own requirement, a bearer token. */
const SECURITY: Readonly<Record<AuthKind, readonly SecurityRequirement[] | undefined>> = {
  bearer: undefined,
  portal: [{ portalSession: [] }],
  public: [],
};

/**
 * The OpenAPI 3.1 document of a set of operations, dressed by the overlay. Equal operations in any order make an equal
 * document. Answers are described as open objects: new members may appear in them at any time.
 *
 * @throws Error when two operations share a name, or a schema cannot be expressed as JSON Schema.
 */
export function buildOpenApiDocument(operations: readonly AnyOperation[]): OpenApiDocument {
  const overlay = loadOverlay();
  const sorted = operations.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const paths: Record<string, PathItem> = {};
  const schemas: Record<string, DocumentSchema> = {};
  for (const operation of sorted) {
    if (operation.path in paths) throw new Error(`The operation ${operation.name} is declared twice`);
    paths[operation.path] = { [operation.method.toLowerCase()]: describeOperation(operation) };
    Object.assign(schemas, bodySchemas(operation));
  }
  const namespaces = [...new Set(sorted.map(namespaceOf))];
  return {
    openapi: '3.1.1',
    info: overlay.info,
    servers: overlay.servers,
    security: [{ bearer: [] }],
    tags: namespaces.map((name) => overlay.tags.find((tag) => tag.name === name) ?? { name }),
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'A root key.' },
        portalSession: {
          type: 'apiKey',
          in: 'cookie',
          name: 'portal_session',
          description: 'A session of the customer portal.',
        },
      },
      responses: sharedErrorResponses(sorted),
      schemas: {
        Meta: META,
        ...(sorted.some(({ paginated }) => paginated) ? { Pagination: PAGINATION } : undefined),
        ...ERROR_SCHEMAS,
        ...schemas,
      },
    },
  };
}

function describeOperation(operation: AnyOperation): OperationObject {
  const security = SECURITY[operation.auth];
  return {
    operationId: operation.name,
    tags: [namespaceOf(operation)],
    summary: operation.summary,
    description: operation.description,
    ...(security === undefined ? undefined : { security }),
    ...(operation.request === undefined
      ? undefined
      : {
          requestBody: {
            required: true as const,
            content: {
              'application/json': {
                schema: { $ref: `#/components/schemas/${requestName(operation)}` },
                example: operation.examples.request,
              },
            },
          },
        }),
    responses: { [String(operation.status)]: successResponse(operation), ...errorResponses(operation) },
    'x-unkey-permissions': operation.permissions.toSorted(),
  };
}

const SUCCESS: Readonly<Record<AnyOperation['status'], string>> = {
  200: 'Done.',
  201: 'Created.',
  202: 'Accepted; the work goes on in the background.',
};

function successResponse(operation: AnyOperation): ResponseObject {
  return {
    description: SUCCESS[operation.status],
    content: {
      'application/json': {
        schema: { $ref: `#/components/schemas/${responseName(operation)}` },
        example: {
          meta: EXAMPLE_META,
          ...(isForbidden(operation.response) ? undefined : { data: operation.examples.response }),
          ...(operation.paginated ? { pagination: { hasMore: false } } : undefined),
        },
      },
    },
  };
}

function bodySchemas(operation: AnyOperation): Record<string, DocumentSchema> {
  const members: Record<string, DocumentSchema> = {
    meta: { $ref: '#/components/schemas/Meta' },
    ...(isForbidden(operation.response)
      ? undefined
      : { data: opened(toJsonSchema(operation.response, 'response')) }),
    ...(operation.paginated ? { pagination: { $ref: '#/components/schemas/Pagination' } } : undefined),
  };
  return {
    ...(operation.request === undefined
      ? undefined
      : { [requestName(operation)]: toJsonSchema(operation.request, 'request') }),
    [responseName(operation)]: { type: 'object', required: Object.keys(members), properties: members },
  };
}

/** The schema without the promise that nothing will ever be added. */
function opened(schema: JsonSchema): JsonSchema {
  const open: JsonSchema = { ...schema };
  if (open.additionalProperties === false) delete open.additionalProperties;
  else if (typeof open.additionalProperties === 'object') {
    open.additionalProperties = opened(open.additionalProperties);
  }
  if (open.properties !== undefined) {
    open.properties = Object.fromEntries(
      Object.entries(open.properties).map(([name, child]) => [name, opened(child)]),
    );
  }
  if (open.items !== undefined) open.items = opened(open.items);
  for (const keyword of ['anyOf', 'oneOf', 'allOf'] as const) {
    const branches = open[keyword];
    if (branches !== undefined) open[keyword] = branches.map(opened);
  }
  return open;
}

/** `keys` of `keys.verifyKey`: the tag of an operation. */
function namespaceOf(operation: AnyOperation): string {
  return operation.name.replace(/\..*$/, '');
}

/** `V2KeysVerifyKey` of `keys.verifyKey`. */
function componentName(operation: AnyOperation): string {
  const words = operation.name.split('.').map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return `V2${words.join('')}`;
}

function requestName(operation: AnyOperation): string {
  return `${componentName(operation)}RequestBody`;
}

function responseName(operation: AnyOperation): string {
  return `${componentName(operation)}ResponseBody`;
}
