import { stringify } from 'yaml';
import type { OpenApiDocument } from './openapi-types.ts';

/** The document as YAML: what `/openapi.yaml` serves and the committed file holds. Equal documents give equal bytes. */
export function renderOpenApiYaml(document: OpenApiDocument): string {
  return stringify(document, { lineWidth: 0, aliasDuplicateObjects: false, blockQuote: 'literal' });
}
