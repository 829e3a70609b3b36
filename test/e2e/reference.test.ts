// The reference page in a real browser: it shows the operations, and loads everything from this server.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, requireOrSkip } from '../support/servers.ts';
import { type DevServer, startDev } from '../support/unkey-process.ts';

const LAUNCH_ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

describe.runIf(requireOrSkip('browser'))('/reference in Chromium', () => {
  let server: DevServer;
  let profile: string;
  let context: BrowserContext;
  let page: Page;
  const problems: string[] = [];
  const requested: string[] = [];

  beforeAll(async () => {
    server = await startDev();
    profile = await mkdtemp(join(tmpdir(), 'unkey-chromium-'));
    context = await chromium.launchPersistentContext(profile, {
      executablePath: chromiumPath(),
      args: LAUNCH_ARGUMENTS,
      viewport: { width: 1280, height: 900 },
    });
    page = await context.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    page.on('pageerror', (error) => problems.push(error.message));
    context.on('request', (request) => requested.push(request.url()));
    await page.goto(`${server.url}/reference`);
    await page.getByText('keys.verifyKey').first().waitFor();
  });

  afterAll(async () => {
    await context?.close();
    await server?.process.end('SIGTERM');
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  });

  it('shows every operation of the contract', async () => {
    const contract = await (await fetch(`${server.url}/openapi.yaml`)).text();
    const paths = [...contract.matchAll(/^ {2}["']?(\/v2\/[^"':]+)["']?:/gm)].flatMap(
      (match) => match[1] ?? [],
    );
    expect(paths).toContain('/v2/keys.verifyKey');
    for (const path of paths) {
      await expect.soft(page.getByText(path, { exact: false }).count(), path).resolves.toBeGreaterThan(0);
    }
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
