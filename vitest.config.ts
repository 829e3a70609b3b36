import { defineConfig } from 'vitest/config';

// One project a layer. The API suite runs twice: on SQLite in this process, and on MySQL where a server is at hand
// (`npm test` provides one and says so in TEST_MYSQL_URL).
const layer = (name: string, folder: string, env: Record<string, string> = {}) => ({
  extends: true as const,
  test: { name, include: [`test/${folder}/**/*.test.ts`], env },
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
      layer('api', 'api', { UNKEY_TEST_STORE: 'sqlite' }),
      ...(process.env.TEST_MYSQL_URL ? [layer('api-mysql', 'api', { UNKEY_TEST_STORE: 'mysql' })] : []),
      layer('integration', 'integration'),
      layer('e2e', 'e2e'),
    ],
  },
});
