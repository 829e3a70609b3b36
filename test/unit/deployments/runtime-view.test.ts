import { describe, expect, test } from 'vitest';
import type { Logger } from '../../../src/lib/logger.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { type RuntimeColumns, runtimeView } from '../../../src/services/deployments/runtime-view.ts';

const COLUMNS: RuntimeColumns = {
  port: 8080,
  cpuMillicores: 250,
  memoryMib: 256,
  storageMib: 0,
  command: '[]',
  shutdownSignal: 'SIGTERM',
  upstreamProtocol: 'http1',
  healthcheck: null,
};

/** The view of the columns, and how many lines were logged over it. */
function viewed(columns: Partial<RuntimeColumns>) {
  let logged = 0;
  const log: Logger = {
    ...silentLogger,
    error: () => {
      logged++;
    },
  };
  return { view: runtimeView({ ...COLUMNS, ...columns }, log, { deploymentId: 'd_1' }), logged };
}

describe('stored JSON that cannot be read', () => {
  test('is left out and logged', () => {
    const { view, logged } = viewed({ command: 'node', healthcheck: '{' });
    expect(view.command).toEqual([]);
    expect(view).not.toHaveProperty('healthcheck');
    expect(logged).toBe(2);
  });

  test.each(['null', '[]', '"x"', '5'])('or is no object (%s) means no healthcheck', (healthcheck) => {
    const { view, logged } = viewed({ healthcheck });
    expect(view).not.toHaveProperty('healthcheck');
    expect(logged).toBe(0);
  });

  test.each(['null', '{}', '5'])('or is no list (%s) means no command', (command) => {
    expect(viewed({ command }).view.command).toEqual([]);
  });

  test('keeps the strings of a list', () => {
    expect(viewed({ command: '["a",1,"b"]' }).view.command).toEqual(['a', 'b']);
  });
});

test('a healthcheck has the defaults for what it leaves out', () => {
  expect(viewed({ healthcheck: '{"path":"/up","timeoutSeconds":"x"}' }).view.healthcheck).toEqual({
    method: 'GET',
    path: '/up',
    intervalSeconds: 10,
    timeoutSeconds: 5,
    failureThreshold: 3,
    initialDelaySeconds: 0,
  });
});
