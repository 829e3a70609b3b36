import { defineConfig } from 'vitest/config';

/** What concerns connections: without a store, and for either way to the pipeline (docs/adr/0017-hot-lane.md). */
const TRANSPORT = 'test/api/{pipeline,hostile}-*.test.ts';

// One project a layer. The API suite runs twice: on SQLite in this process, and on MySQL where a server is at hand
// (`npm test` provides one and says so in TEST_MYSQL_URL). What concerns connections runs on the hot lane and behind the
// framework instead.
const layer = (
  name: string,
  folder: string,
  more: { env?: Record<string, string>; exclude?: string[] } = {},
) => ({
  extends: true as const,
  test: { name, include: [`test/${folder}/**/*.test.ts`], ...more },
});

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 120_000,
    pool: 'forks',
    setupFiles: ['test/support/secret-guard.ts'],
    projects: [
      layer('unit', 'unit'),
      layer('contract', 'contract'),
      layer('api', 'api', { env: { UNKEY_TEST_STORE: 'sqlite' } }),
      ...(process.env.TEST_MYSQL_URL
        ? [layer('api-mysql', 'api', { env: { UNKEY_TEST_STORE: 'mysql' }, exclude: [TRANSPORT] })]
        : []),
      {
        extends: true,
        test: { name: 'api-framework', include: [TRANSPORT], env: { UNKEY_TEST_WAY: 'framework' } },
      },
      layer('integration', 'integration'),
      layer('e2e', 'e2e'),
    ],
  },
});
