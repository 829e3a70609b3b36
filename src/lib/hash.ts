import { hash } from 'node:crypto';

/** SHA-256 of the UTF-8 bytes of `text`, standard base64 with padding (44 characters): how keys are stored and found. */
export function sha256Base64(text: string): string {
  return hash('sha256', text, 'base64');
}

/** SHA-256 of the UTF-8 bytes of `text`, lower-case hex (64 characters). */
export function sha256Hex(text: string): string {
  return hash('sha256', text, 'hex');
}
