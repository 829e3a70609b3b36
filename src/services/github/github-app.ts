// GitHub over its REST API, as a GitHub App: a token of the App, signed here, buys a token of an installation, and that
// one reads. Source: docs.github.com, "Authenticating as a GitHub App installation".

import { createPrivateKey } from 'node:crypto';
import { SignJWT } from 'jose';
import type { Clock } from '../../lib/clock.ts';
import { isObject } from '../../lib/json.ts';
import { currentRequestScope } from '../../lib/request-scope.ts';
import { type Github, type GithubCommit, GithubError, type GithubRepository } from './github.ts';

export interface GithubAppOptions {
  readonly appName: string;
  readonly appId: number;
  readonly privateKeyPem: string;
  readonly clock: Clock;
  /** Where the REST API is; GitHub's own unless said. */
  readonly apiUrl?: string;
}

const API_URL = 'https://api.github.com';
const API_VERSION = '2022-11-28';

/** Milliseconds; less when the request that asks has less left. */
const TIMEOUT_MS = 10_000;

/** Seconds that the App's token is dated back, for clocks that differ, and that it is good for; GitHub allows 600. */
const BACKDATED = 60;
const LIFETIME = 540;

/** The App as GitHub knows it. Nothing is connected yet; a private key that is none shows at the first call. */
export function createGithubApp(options: GithubAppOptions): Github {
  const { appName, apiUrl = API_URL } = options;
  return {
    appName,
    async findRepository(installationId, repository) {
      const token = await installationToken(options, installationId);
      const response = await ask(`${apiUrl}/repos/${encodedName(repository)}`, token, 'GET');
      return (await isMissing(response, [404])) ? undefined : repositoryOf(await json(response));
    },
    async findCommit(installationId, repository, ref) {
      const token = await installationToken(options, installationId);
      const path = `${encodedName(repository)}/commits/${encodeURIComponent(ref)}`;
      const response = await ask(`${apiUrl}/repos/${path}`, token, 'GET');
      // 409: a repository without commits; 422: a hash that is none of its commits'.
      return (await isMissing(response, [404, 409, 422])) ? undefined : commitOf(await json(response));
    },
  };
}

function encodedName(repository: string): string {
  return repository.split('/').map(encodeURIComponent).join('/');
}

/** Whether the answer says that there is no such thing; its body is let go of then. */
async function isMissing(response: Response, statuses: readonly number[]): Promise<boolean> {
  if (!statuses.includes(response.status)) return false;
  await response.body?.cancel();
  return true;
}

async function installationToken(options: GithubAppOptions, installationId: string): Promise<string> {
  const { apiUrl = API_URL } = options;
  const url = `${apiUrl}/app/installations/${encodeURIComponent(installationId)}/access_tokens`;
  const { token } = await json(await ask(url, await appToken(options), 'POST'));
  if (typeof token !== 'string') throw new GithubError('GitHub issued no token');
  return token;
}

async function appToken({ appId, privateKeyPem, clock }: GithubAppOptions): Promise<string> {
  const seconds = Math.floor(clock.now() / 1000);
  try {
    return await new SignJWT()
      .setProtectedHeader({ alg: 'RS256' })
      .setIssuer(String(appId))
      .setIssuedAt(seconds - BACKDATED)
      .setExpirationTime(seconds + LIFETIME)
      // Takes PKCS #1 as well, which is what GitHub hands out.
      .sign(createPrivateKey(privateKeyPem));
  } catch (cause) {
    throw new GithubError('the private key of the GitHub App cannot sign', { cause });
  }
}

async function ask(url: string, token: string, method: 'GET' | 'POST'): Promise<Response> {
  const deadline = AbortSignal.timeout(TIMEOUT_MS);
  const scope = currentRequestScope();
  try {
    return await fetch(url, {
      method,
      headers: {
        Accept: 'application/vnd.github+json',
        Authorization: `Bearer ${token}`,
        'User-Agent': 'unkey',
        'X-GitHub-Api-Version': API_VERSION,
      },
      signal: scope === undefined ? deadline : AbortSignal.any([deadline, scope.signal]),
    });
  } catch (cause) {
    throw new GithubError('GitHub could not be asked', { cause });
  }
}

async function json(response: Response): Promise<Readonly<Record<string, unknown>>> {
  if (!response.ok) {
    await response.body?.cancel();
    throw new GithubError(`GitHub answered ${response.status}`);
  }
  let answer: unknown;
  try {
    answer = await response.json();
  } catch (cause) {
    throw new GithubError('GitHub answered something that is not JSON', { cause });
  }
  if (!isObject(answer)) throw new GithubError('GitHub answered something that is not an object');
  return answer;
}

function repositoryOf(answer: Readonly<Record<string, unknown>>): GithubRepository {
  const { id, full_name: fullName, default_branch: defaultBranch } = answer;
  if (typeof id !== 'number' || typeof fullName !== 'string' || typeof defaultBranch !== 'string') {
    throw new GithubError('GitHub answered a repository without id, name or default branch');
  }
  return { id, fullName, defaultBranch };
}

function commitOf({ sha, commit, author }: Readonly<Record<string, unknown>>): GithubCommit {
  const account = isObject(author) ? author : {};
  const signature = isObject(commit) && isObject(commit.author) ? commit.author : {};
  const timestamp = Date.parse(textOf(signature.date));
  if (typeof sha !== 'string' || !isObject(commit) || Number.isNaN(timestamp)) {
    throw new GithubError('GitHub answered a commit without hash or date');
  }
  return {
    sha,
    message: textOf(commit.message),
    authorHandle: textOf(account.login),
    authorAvatarUrl: textOf(account.avatar_url),
    timestamp,
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
