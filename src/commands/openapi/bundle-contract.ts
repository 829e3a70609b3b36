import { writeFileSync } from 'node:fs';
import { buildOpenApiDocument } from '../../server/docs/openapi-document.ts';
import type { OpenApiDocument } from '../../server/docs/openapi-types.ts';
import { renderOpenApiYaml } from '../../server/docs/openapi-yaml.ts';
import type { AnyOperation } from '../../server/operation.ts';

export type ContractFormat = 'yaml' | 'json';

export interface BundleOptions {
  readonly operations: readonly AnyOperation[];
  /** Where to write; nothing is written when left out. */
  readonly file?: string | undefined;
  /** `yaml` when left out: the bytes that `/openapi.yaml` serves. */
  readonly format?: ContractFormat | undefined;
}

export type BundleOutcome =
  | { readonly exitCode: 0; readonly document: OpenApiDocument; readonly text: string }
  /** The file could not be written. */
  | { readonly exitCode: 1; readonly problem: string };

/** Makes the one document of all operations. Same operations, same bytes. */
export function bundleContract({ operations, file, format = 'yaml' }: BundleOptions): BundleOutcome {
  const document = buildOpenApiDocument(operations);
  const text = renderContract(document, format);
  try {
    if (file !== undefined) writeFileSync(file, text);
  } catch (error) {
    return { exitCode: 1, problem: error instanceof Error ? error.message : String(error) };
  }
  return { exitCode: 0, document, text };
}

/** The document as text with a final newline. */
export function renderContract(document: OpenApiDocument, format: ContractFormat): string {
  return format === 'yaml' ? renderOpenApiYaml(document) : `${JSON.stringify(document, undefined, 2)}\n`;
}
