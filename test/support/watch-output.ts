import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import type { SecretWatch } from './secret-watch.ts';

/** What vitest puts above what a test has written. */
const HEADER = /^(std(?:out|err) \| .+)$/;

/** Has the watch look at each line of a test run, under the name of the test that wrote it as far as that is told. */
export function watchOutput(stream: Readable, watch: SecretWatch): void {
  let where = 'the output of the run';
  createInterface({ input: stream }).on('line', (line) => {
    const plain = stripVTControlCharacters(line);
    where = HEADER.exec(plain)?.[1] ?? where;
    watch.look(where, plain);
  });
}
