import { test } from 'vitest';
import { markedSecret } from '../../../support/secret-watch.ts';
import { watchedLog } from '../../../support/watched-log.ts';

test('a log line with a marked secret', () => {
  watchedLog().debug({ note: markedSecret('token') }, 'a token was given');
});
