// The reference page in a real browser: it shows the operations, and loads everything from this server.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CHROMIUM_ARGUMENTS } from '../support/browser.ts';
import { chromiumPath, requireOrSkip } from '../support/servers.ts';
import { type DevServer, startDev } from '../support/unkey-process.ts';

/** What this test reads of the OpenAPI document. */
interface Contract {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Operation {
  readonly operationId: string;
  readonly summary: string;
}

describe.runIf(requireOrSkip('browser'))('/reference in Chromium', () => {
  let server: DevServer;
  let profile: string;
  let context: BrowserContext;
  let page: Page;
  const problems: string[] = [];
  const requested: string[] = [];

  beforeAll(async () => {
    profile = await mkdtemp(join(tmpdir(), 'unkey-chromium-'));
    server = await startDev();
    context = await chromium.launchPersistentContext(profile, {
      executablePath: chromiumPath(),
      args: [...CHROMIUM_ARGUMENTS],
      viewport: { width: 1280, height: 900 },
    });
    page = await context.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    page.on('pageerror', (error) => problems.push(error.message));
    context.on('request', (request) => requested.push(request.url()));
    await page.goto(`${server.url}/reference`);
    await page.getByRole('complementary').waitFor();
  });

  async function contract(): Promise<Contract> {
    return parse(await (await fetch(`${server.url}/openapi.yaml`)).text()) as Contract;
  }

  afterAll(async () => {
    await context?.close();
    await server?.process.end('SIGTERM');
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  });

  it('lists every operation of the contract', async () => {
    const operations = Object.values((await contract()).paths).flatMap((methods) => Object.values(methods));
    expect(operations.map(({ operationId }) => operationId)).toContain('keys.verifyKey');

    const sidebar = page.getByRole('complementary');
    const closed = sidebar.getByRole('button', { name: /^Open Group/ });
    while ((await closed.count()) > 0) await closed.first().click();
    for (const { summary } of operations) {
      await sidebar.getByRole('link', { name: `${summary} HTTP Method: ` }).waitFor();
    }
  });

  it('shows an operation with its path and its fields', async () => {
    const summary = (await contract()).paths['/v2/keys.verifyKey']?.post?.summary ?? '';
    await page.goto(`${server.url}/reference#tag/keys/POST/v2/keys.verifyKey`);
    const section = page.getByRole('region', { name: summary });
    await section.getByText('/v2/keys.verifyKey').first().waitFor();
    await section.getByText('permissions', { exact: true }).first().waitFor();
  });

  it('writes no error to the console', () => {
    expect(problems).toEqual([]);
  });

  it('asks no other host for anything', () => {
    const origins = new Set(
      requested.filter((url) => /^(https?|wss?):/.test(url)).map((url) => new URL(url).origin),
    );
    expect([...origins]).toEqual([server.url]);
  });
});
