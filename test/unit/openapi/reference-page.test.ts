import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildOpenApiDocument } from '../../../src/server/docs/openapi-document.ts';
import { referenceAssets, referencePage } from '../../../src/server/docs/reference-page.ts';
import { CHROMIUM_ARGUMENTS } from '../../support/browser.ts';
import { chromiumPath, requireOrSkip } from '../../support/servers.ts';
import { operationFixture } from '../validation/operation-fixture.ts';

const HOSTILE = '</script><script>document.title = "taken over"</script><!-- & "quotes"';
const document = buildOpenApiDocument([operationFixture({ description: HOSTILE })]);

describe('the reference page', () => {
  test('embeds the document so that nothing in it ends the script element', () => {
    const page = referencePage(document);
    const embedded = /<script id="api-reference"[^>]*>(.*?)<\/script>/s.exec(page)?.[1] ?? '';
    expect(JSON.parse(embedded)).toEqual(document);
  });

  test('loads its script from this process', () => {
    const [script] = referenceAssets();
    expect(script).toMatchObject({
      path: expect.stringMatching(/^\/reference\//),
      contentType: 'text/javascript',
    });
    expect(referencePage(document)).toContain(`<script src="${script?.path}">`);
    expect(script?.load().length).toBeGreaterThan(1_000_000);
  });
});

describe.runIf(requireOrSkip('browser'))('in a browser', () => {
  let server: Server;
  let browser: Browser;

  beforeAll(async () => {
    server = createServer((request, response) => {
      const asset = referenceAssets().find(({ path }) => path === request.url);
      if (request.url === '/reference') {
        response.setHeader('Content-Type', 'text/html').end(referencePage(document));
      } else if (asset !== undefined) {
        response.setHeader('Content-Type', asset.contentType).end(asset.load());
      } else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    browser = await chromium.launch({
      executablePath: chromiumPath(),
      args: [...CHROMIUM_ARGUMENTS],
    });
  });

  afterAll(async () => {
    await browser?.close();
    await new Promise((resolve) => server.close(resolve));
  });

  test('it shows the operations, asks no other host for anything and reports no error', async () => {
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const page = await browser.newPage();
    const requests: string[] = [];
    const complaints: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });

    await page.goto(`${origin}/reference`, { waitUntil: 'networkidle' });
    await page.getByRole('heading', { name: 'Create an API' }).waitFor();
    await page
      .getByRole('button', { name: /Test Request/ })
      .first()
      .click();
    await page.getByRole('button', { name: 'Send' }).first().waitFor();

    expect(requests.filter((url) => !url.startsWith(origin) && !url.startsWith('data:'))).toEqual([]);
    expect(complaints).toEqual([]);
    expect(await page.title()).not.toBe('taken over');
  });
});
