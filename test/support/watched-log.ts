import { Writable } from 'node:stream';
import type { Logger } from '../../src/lib/logger.ts';
import { createLogger } from '../../src/server/logging/logger.ts';
import { secretWatch } from './secret-watch.ts';

const destination = new Writable({
  write(chunk, _encoding, done) {
    secretWatch.look("a log of the test's own process", String(chunk));
    done();
  },
});

/**
 * The product's own logger at its lowest level, whose lines nobody reads but the watch for secrets. With `also`, a second
 * logger is told the same.
 */
export function watchedLog(also?: Logger): Logger {
  const watched = createLogger({
    level: 'debug',
    format: 'json',
    bindings: { service: 'test' },
    destination,
  });
  return also === undefined ? watched : both(watched, also);
}

function both(first: Logger, second: Logger): Logger {
  const tell =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (fields: object, message: string): void => {
      first[level](fields, message);
      second[level](fields, message);
    };
  return {
    debug: tell('debug'),
    info: tell('info'),
    warn: tell('warn'),
    error: tell('error'),
    child: (bindings) => both(first.child(bindings), second.child(bindings)),
  };
}
