// In the process of every test file (vitest's setupFiles): takes note of each secret that an answer of the API hands out,
// whoever asked, and fails the file when one of them, or a marked one, was written somewhere.

import { afterAll } from 'vitest';
import { describeLeak, secretWatch } from './secret-watch.ts';

/** Members of answers that are secrets: a key's text, a decrypted one, a session's. */
const KEY_MEMBERS = ['key', 'plaintext', 'token', 'accessToken'];
/** The `key` of a variable is its name. */
const VARIABLE_MEMBERS = ['value'];

const plainFetch = globalThis.fetch;
globalThis.fetch = async (input, init) => {
  const response = await plainFetch(input, init);
  if (response.ok && response.headers.get('content-type')?.startsWith('application/json')) {
    // A body that is cut short hands nothing out.
    const members = response.url.includes('/v2/environments.') ? VARIABLE_MEMBERS : KEY_MEMBERS;
    response
      .clone()
      .text()
      .then(
        (text) => keepSecrets(text, members),
        () => undefined,
      );
  }
  return response;
};

function keepSecrets(text: string, members: readonly string[]): void {
  if (!members.some((name) => text.includes(`"${name}":"`))) return;
  JSON.parse(text, (name, value: unknown) => {
    if (members.includes(name) && typeof value === 'string') {
      secretWatch.keep(`the ${name} of an answer`, value);
    }
    return value;
  });
}

afterAll(() => {
  const leaks = secretWatch.leaks();
  if (leaks.length > 0) {
    throw new Error(`secrets were written:\n${leaks.slice(0, 20).map(describeLeak).join('\n')}`);
  }
});
