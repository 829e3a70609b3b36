import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { OpenApiDocument } from './openapi-types.ts';

/** What the operations cannot know about the document that they form together. */
export type Overlay = Pick<OpenApiDocument, 'info' | 'servers' | 'tags'>;

const OVERLAY_FILE = new URL('../../../openapi/overlay.yaml', import.meta.url);

/** Reads the overlay that ships with the package. Works from the sources and from the compiled package. */
export function loadOverlay(): Overlay {
  return parse(readFileSync(OVERLAY_FILE, 'utf8')) as Overlay;
}
