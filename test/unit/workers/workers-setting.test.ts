import { describe, expect, it } from 'vitest';
import { loadServerConfig } from '../../../src/config/load.ts';
import { ConfigError } from '../../../src/config/problems.ts';

const SHARED = { redis_url: 'redis://redis:6379', database: 'mysql://u:p@db/unkey', workers: '' };

const load = (settings: Partial<typeof SHARED>, profile: 'serve' | 'dev' = 'serve') => {
  const { redis_url, database, workers } = { ...SHARED, ...settings };
  return loadServerConfig({
    profile,
    env: {
      UNKEY_REDIS_URL: redis_url,
      UNKEY_DATABASE_PRIMARY: database,
      UNKEY_SERVER_WORKERS: workers,
      UNKEY_AUTH: '[{"type":"root_key"}]',
    },
    cwd: '/nonexistent',
    readFile: () => {
      throw Object.assign(new Error('no file'), { code: 'ENOENT' });
    },
  });
};

const problemOf = (settings: Partial<typeof SHARED>): string => {
  try {
    load(settings);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('the configuration was taken');
};

describe('server.workers', () => {
  it.each([
    ['', 1],
    ['1', 1],
    ['4', 4],
    ['auto', 'auto'],
  ])('%j on shared stores means %j', (workers, meant) => {
    expect(load({ workers }).config.server.workers).toBe(meant);
  });

  it.each(['0', '-1', '1.5', 'many', '1025'])('refuses %j', (workers) => {
    expect(problemOf({ workers })).toContain('must be an integer from 1 to 1024, or "auto"');
  });

  it.each([
    [{ redis_url: 'memory:' }, 'redis_url = "memory:"'],
    [{ database: 'sqlite:unkey.db' }, 'database.primary = "sqlite:"'],
  ])('refuses several workers on what only one process may use, by name: %j', (store, name) => {
    expect(problemOf({ ...store, workers: '2' })).toContain(
      `server.workers: must be 1, because only one process may use the data of ${name}`,
    );
  });

  it('takes "auto" as 1 there, and says so', () => {
    const { config, warnings } = load({ redis_url: 'memory:', workers: 'auto' });
    expect(config.server.workers).toBe(1);
    expect(warnings).toContainEqual(expect.stringContaining('server.workers = "auto" means 1 here'));
  });

  it('leaves unkey dev alone', () => {
    expect(load({ redis_url: 'memory:', workers: '2' }, 'dev').config.redisUrl).toBe('memory:');
  });
});
