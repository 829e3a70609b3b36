import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const OPEN_STORE = new URL('../../../src/storage/analytics/open-store.ts', import.meta.url).href;

/** Opens the embedded store in a process in which importing `chdb` fails like that; resolves with what it printed. */
async function openWhere(failure: { readonly code: string; readonly message: string }): Promise<string> {
  const hook = `
    import { registerHooks } from 'node:module';
    registerHooks({ resolve(specifier, context, next) {
      if (specifier !== 'chdb') return next(specifier, context);
      throw Object.assign(new Error(${JSON.stringify(failure.message)}), { code: ${JSON.stringify(failure.code)} });
    } });`;
  const program = `
    import { openAnalyticsStore } from ${JSON.stringify(OPEN_STORE)};
    const log = { warn: (fields, message) => console.log('warned: ' + message) };
    try {
      console.log('opened: ' + await openAnalyticsStore('chdb:', { log }));
    } catch (error) {
      console.log('failed: ' + error.message);
    }`;
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--no-warnings',
    '--import',
    `data:text/javascript,${encodeURIComponent(hook)}`,
    '--input-type=module',
    '--eval',
    program,
  ]);
  return stdout;
}

test('without the package there is no store, and a line says so', async () => {
  const output = await openWhere({
    code: 'ERR_MODULE_NOT_FOUND',
    message: "Cannot find package 'chdb' imported from here",
  });
  expect(output).toContain('warned: analytics is off: the optional package chdb is not installed');
  expect(output).toContain('opened: undefined');
});

test('without an engine for the platform there is no store', async () => {
  expect(await openWhere({ code: 'CHDB_PLATFORM', message: 'no native binding' })).toContain(
    'opened: undefined',
  );
});

test('an engine that cannot be loaded is an error that says what to try', async () => {
  const output = await openWhere({ code: 'CHDB_ABI', message: 'libchdb.so: file too short' });
  expect(output).toContain('failed: the package chdb is installed but its engine cannot be loaded');
  expect(output).toContain('libchdb.so: file too short');
  expect(output).toContain('npm ci');
});

test('a package that lacks another one is broken, not absent', async () => {
  const output = await openWhere({
    code: 'ERR_MODULE_NOT_FOUND',
    message: "Cannot find package 'node-addon-api' imported from elsewhere",
  });
  expect(output).toContain('failed: the package chdb is installed but');
});
