import type { JsonSchema } from '../validation/json-schema.ts';

/** The part of OpenAPI 3.1 that this product writes. */
export interface OpenApiDocument {
  readonly openapi: '3.1.1';
  readonly info: Readonly<Record<string, unknown>> & { readonly title: string; readonly version: string };
  readonly servers: readonly { readonly url: string; readonly description?: string }[];
  readonly security: readonly SecurityRequirement[];
  readonly tags: readonly { readonly name: string; readonly description?: string }[];
  readonly paths: Readonly<Record<string, PathItem>>;
  readonly components: {
    readonly securitySchemes: Readonly<Record<string, Readonly<Record<string, string>>>>;
    readonly responses: Readonly<Record<string, ResponseObject>>;
    readonly schemas: Readonly<Record<string, DocumentSchema>>;
  };
}

export type SecurityRequirement = Readonly<Record<string, readonly string[]>>;

export interface Reference {
  readonly $ref: string;
}

/** A JSON Schema that may point to one of the document's components. */
export type DocumentSchema = JsonSchema | Reference | EnvelopeSchema;

/** A schema that has components among its members. */
export interface EnvelopeSchema {
  readonly type?: string;
  readonly description?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, DocumentSchema>>;
  readonly allOf?: readonly DocumentSchema[];
  readonly items?: DocumentSchema;
}

export type PathItem = Readonly<Partial<Record<'post' | 'get', OperationObject>>>;

export interface OperationObject {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description: string;
  /** Absent where the document's own requirement holds. */
  readonly security?: readonly SecurityRequirement[];
  readonly requestBody?: { readonly required: true; readonly content: Content };
  readonly responses: Readonly<Record<string, ResponseObject | Reference>>;
  /** Permissions that the operation may ask for, ids written as `*`. */
  readonly 'x-unkey-permissions': readonly string[];
}

export interface ResponseObject {
  readonly description: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content: Content;
  /** What `error.type` may be. */
  readonly 'x-unkey-error-types'?: readonly string[];
}

export type Content = Readonly<
  Record<string, { readonly schema: DocumentSchema; readonly example?: unknown }>
>;
