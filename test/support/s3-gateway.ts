// A real S3-compatible server for tests: the one of TEST_S3_URL, or the Versity gateway (`versitygw`, an S3 server on a
// directory) where it is on PATH.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findOnPath, freePort } from './servers-local.ts';

export interface S3Gateway {
  readonly url: string;
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  stop(): Promise<void>;
}

const READY_TIMEOUT_MS = 20_000;

/** The server, or undefined, said on stderr, when this machine has none. */
export async function s3GatewayOrSkip(): Promise<S3Gateway | undefined> {
  const { TEST_S3_URL, TEST_S3_ACCESS_KEY_ID = '', TEST_S3_ACCESS_KEY_SECRET = '' } = process.env;
  if (TEST_S3_URL !== undefined) {
    return {
      url: TEST_S3_URL,
      accessKeyId: TEST_S3_ACCESS_KEY_ID,
      accessKeySecret: TEST_S3_ACCESS_KEY_SECRET,
      stop: async () => undefined,
    };
  }
  const binary = await findOnPath('versitygw');
  if (binary !== undefined) return startGateway(binary);
  process.stderr.write('skipped: a real S3 server: TEST_S3_URL is not set, and versitygw is not on PATH\n');
  return undefined;
}

async function startGateway(binary: string): Promise<S3Gateway> {
  const directory = await mkdtemp(join(tmpdir(), 'unkey-s3-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const [accessKeyId, accessKeySecret] = [randomBytes(8).toString('hex'), randomBytes(16).toString('hex')];
  const child = spawn(binary, ['--port', `127.0.0.1:${port}`, '--region', 'auto', 'posix', directory], {
    stdio: 'ignore',
    env: { PATH: process.env.PATH, ROOT_ACCESS_KEY: accessKeyId, ROOT_SECRET_KEY: accessKeySecret },
  });
  const gone = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.kill();
    await gone;
    await rm(directory, { recursive: true });
  };
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (!(await answers(url))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`${binary} did not start`);
    }
    await sleep(50);
  }
  return { url, accessKeyId, accessKeySecret, stop };
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    () => true,
    () => false,
  );
}
