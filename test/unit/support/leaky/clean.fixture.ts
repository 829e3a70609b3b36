import { test } from 'vitest';
import { markedSecret } from '../../../support/secret-watch.ts';
import { watchedLog } from '../../../support/watched-log.ts';

test('a log line without its secret', () => {
  watchedLog().info({ length: markedSecret('token').length }, 'a token was given');
});
