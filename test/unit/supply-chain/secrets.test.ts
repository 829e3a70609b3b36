import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { secretsIn, secretsInTracked } from '../../../scripts/supply-chain/secrets.ts';

/** Put together here, so that this file holds none. */
const letters = (count: number): string => 'aB3dE6gH9'.repeat(12).slice(0, count);
const pem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
  type: 'pkcs8',
  format: 'pem',
});

describe('a text', () => {
  it.each([
    ['private key', `${pem}`],
    ['private key', JSON.stringify({ key: pem })],
    ['root key of Unkey', `UNKEY_ROOT_KEY=unkey_${letters(22)}`],
    ['AWS access key', `AKIA${'Q7'.repeat(8)}`],
    ['GitHub token', `ghp_${letters(36)}`],
    ['GitLab token', `glpat-${letters(20)}`],
    ['npm token', `//registry/:_authToken=npm_${letters(36)}`],
    ['Slack token', `xoxb-${letters(24)}`],
    ['Stripe key', `sk_live_${letters(24)}`],
    ['Google API key', `AIza${letters(35)}`],
    ['JSON Web Token', ['eyJ', '.eyJ', '.'].map((part) => part + letters(30)).join('')],
    ['password in a URL', `mysql://root:${letters(20)}@db/unkey`],
  ])('with a %s is refused', (rule, text) => {
    expect(secretsIn(`first line\n${text}\n`)).toMatchObject([{ line: 2, rule }]);
  });

  it.each([
    '-----BEGIN RSA PRIVATE KEY-----\ns3cret\n-----END RSA PRIVATE KEY-----',
    'unkey_…, sk_live_1, mysql://root:change-me@db/unkey, redis://:$REDIS_PASSWORD@cache',
    'Authorization: Bearer $KEY',
  ])('with a placeholder is not: %s', (text) => {
    expect(secretsIn(text)).toEqual([]);
  });
});

it('is found in a tracked file, and not shown', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'unkey-secrets-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const token = `ghp_${letters(36)}`;
  await writeFile(join(folder, 'settings.env'), `A=1\nTOKEN=${token}\n`);
  await writeFile(join(folder, 'untracked.env'), `TOKEN=${token}\n`);
  execFileSync('git', ['init', '--quiet'], { cwd: folder });
  execFileSync('git', ['add', 'settings.env'], { cwd: folder });
  const found = secretsInTracked(folder);
  expect(found).toEqual([expect.stringMatching(/^settings\.env:2: GitHub token \([0-9a-f]{64}\)$/)]);
  expect(found.join()).not.toContain(token);
});

it('is in no file of this project', () => {
  const root = fileURLToPath(new URL('../../../', import.meta.url));
  expect(secretsInTracked(root)).toEqual([]);
});
