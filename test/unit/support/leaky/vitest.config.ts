import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// Runs the fixtures beside this file as the suite is run: test/unit/support/secret-watch.test.ts looks at what comes of it.
// biome-ignore lint/style/noDefaultExport: the form that vitest reads
export default defineConfig({
  test: {
    root: fileURLToPath(new URL('.', import.meta.url)),
    include: ['*.fixture.ts'],
    pool: 'forks',
    setupFiles: [fileURLToPath(new URL('../../../support/secret-guard.ts', import.meta.url))],
  },
});
