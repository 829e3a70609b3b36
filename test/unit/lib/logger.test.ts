import { describe, expect, test } from 'vitest';
import { type Logger, lazyChild, silentLogger } from '../../../src/lib/logger.ts';

describe('lazyChild', () => {
  test('asks for the child once, and only when something is logged', () => {
    const children: object[] = [];
    const lines: unknown[][] = [];
    const parent: Logger = {
      ...silentLogger,
      child: (bindings) => {
        children.push(bindings);
        return { ...silentLogger, warn: (fields, message) => void lines.push([fields, message]) };
      },
    };
    const log = lazyChild(parent, { requestId: 'req_1' });
    expect(children).toEqual([]);
    log.warn({ a: 1 }, 'first');
    log.warn({ a: 2 }, 'second');
    expect(children).toEqual([{ requestId: 'req_1' }]);
    expect(lines).toEqual([
      [{ a: 1 }, 'first'],
      [{ a: 2 }, 'second'],
    ]);
  });
});
