import { expect, it } from 'vitest';
import { changedSettings } from '../../../src/config/changes.ts';
import { loadServerConfig } from '../../../src/config/load.ts';

const load = (configArgument: string) =>
  loadServerConfig({ profile: 'tool', env: {}, cwd: '/', configArgument });

it('names the settings whose value differs, and nothing when only the text does', () => {
  const before = load('http_port = 1\n[health]\ncritical = ["database"]\n');
  expect(changedSettings(before, load('http_port=1\nhealth = { critical = ["database"] }\n'))).toEqual([]);
  expect(changedSettings(before, load('http_port = 2\n[health]\ncritical = []\n'))).toEqual([
    'http_port',
    'health.critical',
  ]);
});

it('names a table that came or went with nothing in it', () => {
  const without = load('http_port = 1\n');
  expect(changedSettings(without, load('http_port = 1\n[observability.metrics]\n'))).toEqual([
    'observability.metrics',
  ]);
});
