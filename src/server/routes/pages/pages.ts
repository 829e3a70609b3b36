import { buildOpenApiDocument } from '../../docs/openapi-document.ts';
import { renderOpenApiYaml } from '../../docs/openapi-yaml.ts';
import { referenceAssets, referencePage } from '../../docs/reference-page.ts';
import type { AnyOperation } from '../../operation.ts';
import type { Endpoint, Reply } from '../../pipeline/exchange.ts';

export interface Page {
  readonly endpoint: Endpoint;
  render(): Reply;
}

/** The contract and its reference, for people and tools; each is made when somebody first asks for it. */
export function pages(operations: readonly AnyOperation[]): Page[] {
  const document = once(() => buildOpenApiDocument(operations));
  return [
    page('/openapi.yaml', 'application/yaml', () => renderOpenApiYaml(document())),
    page('/reference', 'text/html', () => referencePage(document())),
    ...referenceAssets().map((asset) => page(asset.path, asset.contentType, () => asset.load())),
  ];
}

function page(path: string, contentType: string, load: () => string | Buffer): Page {
  const body = once(load);
  return {
    endpoint: { method: 'GET', path, name: `GET ${path}` },
    render: () => ({ status: 200, contentType, body: body() }),
  };
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
