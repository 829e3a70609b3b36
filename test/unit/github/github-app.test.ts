import { generateKeyPairSync } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLocalJWKSet, exportJWK, jwtVerify } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import { GithubError } from '../../../src/services/github/github.ts';
import { createGithubApp } from '../../../src/services/github/github-app.ts';

const NOW = 1_735_689_600_000;
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
/** As GitHub hands it out. */
const PRIVATE_KEY = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();

const SHA = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
/** The parts of GitHub's answer that are read, and one that is not. */
const COMMIT = {
  sha: SHA,
  node_id: 'C_x',
  commit: {
    message: 'fix: it',
    author: { name: 'Ada', email: 'ada@acme.test', date: '2025-01-01T00:00:00Z' },
  },
  author: { login: 'ada', avatar_url: 'https://avatars.test/ada' },
};

let server: Server;
let apiUrl: string;
let asked: { readonly route: string; readonly headers: IncomingMessage['headers'] }[];
let answers: Record<string, readonly [status: number, body: unknown]>;

beforeAll(async () => {
  server = createServer((request, response) => {
    const route = `${request.method} ${request.url}`;
    asked.push({ route, headers: request.headers });
    const [status, body] = answers[route] ?? [404, { message: 'Not Found' }];
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());
beforeEach(() => {
  asked = [];
  answers = {
    'POST /app/installations/7/access_tokens': [201, { token: 'ghs_installation' }],
    'GET /repos/acme/api/commits/feat%2Fx': [200, COMMIT],
    'GET /repos/acme/api': [200, { id: 70, full_name: 'Acme/Api', default_branch: 'trunk' }],
  };
});

const app = (privateKeyPem = PRIVATE_KEY, url = apiUrl) =>
  createGithubApp({
    appName: 'unkey-test',
    appId: 42,
    privateKeyPem,
    clock: new ManualClock(NOW),
    apiUrl: url,
  });

test('reads a repository with a token of the installation, which the signed token of the App buys', async () => {
  expect(await app().findRepository('7', 'acme/api')).toEqual({
    id: 70,
    fullName: 'Acme/Api',
    defaultBranch: 'trunk',
  });
  expect(asked.map(({ route }) => route)).toEqual([
    'POST /app/installations/7/access_tokens',
    'GET /repos/acme/api',
  ]);
  expect(asked[1]?.headers.authorization).toBe('Bearer ghs_installation');

  const token = asked[0]?.headers.authorization?.replace('Bearer ', '') ?? '';
  const keys = createLocalJWKSet({ keys: [{ ...(await exportJWK(publicKey)), alg: 'RS256' }] });
  const { payload } = await jwtVerify(token, keys, { currentDate: new Date(NOW) });
  expect(payload).toEqual({ iss: '42', iat: NOW / 1000 - 60, exp: NOW / 1000 + 540 });
});

test('knows no repository that GitHub does not', async () => {
  expect(await app().findRepository('7', 'acme/unknown')).toBeUndefined();
});

test('writes names so that they stay names', async () => {
  await app().findRepository('7', 'acme/a b?c');
  expect(asked[1]?.route).toBe('GET /repos/acme/a%20b%3Fc');
});

test.each<[string, string, readonly [number, unknown]]>([
  ['no such installation', 'POST /app/installations/7/access_tokens', [404, {}]],
  ['an installation without a token', 'POST /app/installations/7/access_tokens', [201, {}]],
  ['a failing repository', 'GET /repos/acme/api', [500, {}]],
  ['a rate limit', 'GET /repos/acme/api', [403, {}]],
  ['a repository that is none', 'GET /repos/acme/api', [200, { id: 'x' }]],
  ['a list', 'GET /repos/acme/api', [200, []]],
  ['nonsense', 'GET /repos/acme/api', [200, '<html>']],
])('says so when GitHub answers with %s', async (_what, route, answer) => {
  answers[route] = answer;
  await expect(app().findRepository('7', 'acme/api')).rejects.toBeInstanceOf(GithubError);
});

test('says so when GitHub cannot be reached or the private key is none', async () => {
  await expect(app(PRIVATE_KEY, 'http://127.0.0.1:1').findRepository('7', 'a/b')).rejects.toBeInstanceOf(
    GithubError,
  );
  await expect(app('no key').findRepository('7', 'a/b')).rejects.toBeInstanceOf(GithubError);
  expect(asked).toEqual([]);
});

describe('a commit', () => {
  test('is read by its branch or its hash, with whoever wrote it', async () => {
    expect(await app().findCommit('7', 'acme/api', 'feat/x')).toEqual({
      sha: SHA,
      message: 'fix: it',
      authorHandle: 'ada',
      authorAvatarUrl: 'https://avatars.test/ada',
      timestamp: NOW,
    });
    expect(asked[1]).toMatchObject({
      route: 'GET /repos/acme/api/commits/feat%2Fx',
      headers: { authorization: 'Bearer ghs_installation' },
    });
  });

  test('of nobody whom GitHub knows has no author', async () => {
    answers['GET /repos/acme/api/commits/main'] = [200, { ...COMMIT, author: null }];
    expect(await app().findCommit('7', 'acme/api', 'main')).toMatchObject({
      sha: SHA,
      authorHandle: '',
      authorAvatarUrl: '',
    });
  });

  test.each([404, 409, 422])('is unknown when GitHub answers %d', async (status) => {
    answers['GET /repos/acme/api/commits/main'] = [status, { message: 'no' }];
    expect(await app().findCommit('7', 'acme/api', 'main')).toBeUndefined();
  });

  test.each<[string, readonly [number, unknown]]>([
    ['a failure', [500, {}]],
    ['no hash', [200, { ...COMMIT, sha: 1 }]],
    ['no date', [200, { ...COMMIT, commit: { message: 'x' } }]],
    ['a list', [200, []]],
  ])('says so when GitHub answers with %s', async (_what, answer) => {
    answers['GET /repos/acme/api/commits/main'] = answer;
    await expect(app().findCommit('7', 'acme/api', 'main')).rejects.toBeInstanceOf(GithubError);
  });
});
