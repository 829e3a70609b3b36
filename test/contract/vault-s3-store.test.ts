// The store in a bucket: always against the part of S3's contract that is written down in the tests, and against a real
// server where there is one.

import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createS3Store } from '../../src/vault/storage/s3-store.ts';
import { s3GatewayOrSkip } from '../support/s3-gateway.ts';
import { type S3Server, startS3Server } from '../support/s3-server.ts';
import { describeObjectStore } from './object-store.contract.ts';

describeObjectStore('the S3 contract', async () => {
  const server = await startS3Server();
  const store = createS3Store({ ...server, bucket: 'unkey-vault' });
  return {
    store,
    async close() {
      store.close();
      await server.stop();
    },
  };
});

const gateway = await s3GatewayOrSkip();
if (gateway !== undefined) {
  describeObjectStore('a real S3 server', async () => {
    const store = createS3Store({ ...gateway, bucket: `unkey-test-${randomBytes(6).toString('hex')}` });
    return { store, close: async () => store.close() };
  });
  afterAll(() => gateway.stop());
}

describe('a bucket', () => {
  let server: S3Server;

  beforeEach(async () => {
    server = await startS3Server();
  });
  afterEach(() => server.stop());

  const open = (changes: { accessKeyId?: string } = {}) =>
    createS3Store({ ...server, ...changes, bucket: 'unkey-vault' });
  /** The client says beside the path which of its operations it means. */
  const creations = (): number =>
    server.requests.filter((line) => /^PUT \/unkey-vault\/?(?:\?|$)/.test(line)).length;

  test('is made once, by whatever is asked first', async () => {
    const store = open();
    await Promise.all([store.put('keyring/a', Buffer.from('x')), store.get('keyring/b'), store.check()]);
    expect(creations()).toBe(1);
    await open().check();
    expect(creations()).toBe(1);
    store.close();
  });

  test('that another node makes in between is taken', async () => {
    await open().check();
    server.hideBucket = true;
    await open().check();
    expect(creations()).toBe(2);
  });

  test('is asked for three times in all, and again by the next call', async () => {
    const store = open();
    server.failing = 2;
    await store.check();
    server.failing = 3;
    await expect(store.get('keyring/a')).rejects.toMatchObject({ $metadata: { httpStatusCode: 503 } });
    expect(await store.get('keyring/a')).toBeUndefined();
    store.close();
  });

  test('of a server that does not know the access key is not made', async () => {
    await expect(open({ accessKeyId: 'nobody' }).check()).rejects.toMatchObject({
      $metadata: { httpStatusCode: 403 },
    });
    expect(creations()).toBe(0);
  });
});
