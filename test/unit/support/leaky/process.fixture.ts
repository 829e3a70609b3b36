import { test } from 'vitest';
import { markedSecret } from '../../../support/secret-watch.ts';
import { runUnkey } from '../../../support/unkey-process.ts';

test('a command that writes a secret to stderr', async () => {
  // It says which word it does not know.
  await runUnkey([markedSecret('nonsense')]);
}, 60_000);
