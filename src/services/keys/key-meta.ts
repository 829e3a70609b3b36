import { stringifyJson } from '../../lib/json.ts';
import { invalidInput } from '../input-fault.ts';

/** Size of the column. */
const MAX_BYTES = 65_535;

/** A meta object as it is stored. Throws a Fault `invalid_input` above 65535 UTF-8 bytes. */
export function serializeMeta(meta: Readonly<Record<string, unknown>>): string {
  const text = stringifyJson(meta);
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_BYTES) {
    throw invalidInput(`\`meta\` may be at most ${MAX_BYTES} bytes once serialised; it is ${bytes} bytes.`);
  }
  return text;
}
