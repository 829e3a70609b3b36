import { existsSync, readFileSync } from 'node:fs';
import type { OpenApiDocument } from './openapi-types.ts';

/** A file that the reference page needs from this process. */
export interface ReferenceAsset {
  /** URL path. */
  readonly path: string;
  readonly contentType: string;
  /** @throws Error when the file is not installed. */
  load(): Buffer;
}

const SCRIPT_PATH = '/reference/standalone.js';

/** Where the script may lie: beside the compiled code, or in the packages of a checkout. */
const SCRIPT_FILES: readonly URL[] = [
  new URL('./reference/standalone.js', import.meta.url),
  new URL('../../../node_modules/@scalar/api-reference/dist/browser/standalone.js', import.meta.url),
];

/** Everything that would make the page talk to another host, or offer to, is off: a root key typed in stays here. */
const CONFIGURATION = {
  servers: [{ url: '/', description: 'This installation' }],
  withDefaultFonts: false,
  telemetry: false,
  agent: { disabled: true },
  mcp: { disabled: true },
  hideClientButton: true,
  showDeveloperTools: 'never',
  persistAuth: false,
  showOperationId: true,
};

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'unsafe-inline'",
  "img-src 'self' data:",
  'font-src data:',
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** The files that the page loads. */
export function referenceAssets(): ReferenceAsset[] {
  return [{ path: SCRIPT_PATH, contentType: 'text/javascript', load: loadScript }];
}

function loadScript(): Buffer {
  const file = SCRIPT_FILES.find((candidate) => existsSync(candidate));
  if (file === undefined) throw new Error('The script of the reference page is not installed');
  return readFileSync(file);
}

/**
 * The page at `/reference`: the document inside a script element from which the Scalar script, served by this process,
 * renders itself. The page's policy lets the browser talk to this process only.
 */
export function referencePage(document: OpenApiDocument): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${attribute(POLICY)}">
<title>${text(document.info.title)}</title>
<link rel="icon" href="data:,">
</head>
<body>
<script id="api-reference" type="application/json" data-configuration="${attribute(JSON.stringify(CONFIGURATION))}">${scriptData(document)}</script>
<script src="${SCRIPT_PATH}"></script>
</body>
</html>
`;
}

/** JSON that no HTML parser can take for the end of its script element. */
function scriptData(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}

function text(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

function attribute(value: string): string {
  return text(value).replaceAll('"', '&quot;');
}
