// Objects in a bucket of an S3-compatible server.

import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadBucketCommand,
  NoSuchKey,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import type { ObjectStore } from './object-store.ts';

export interface S3Options {
  /** Endpoint: `https://s3.example.com`. */
  readonly url: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
}

const ATTEMPTS = 3;
const CONNECT_TIMEOUT_MS = 3_000;
const REQUEST_TIMEOUT_MS = 10_000;

/** A store in the bucket, which is made by `check` or the first use when there is none. */
export function createS3Store({ url, bucket, accessKeyId, accessKeySecret }: S3Options): ObjectStore {
  const client = new S3Client({
    endpoint: url,
    region: 'auto',
    // Servers other than Amazon's rarely have a host name per bucket, nor the newer checksums.
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: ATTEMPTS,
    credentials: { accessKeyId, secretAccessKey: accessKeySecret },
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
    },
  });
  let prepared: Promise<void> | undefined;
  /** A failure is not remembered: the server may come up later. */
  const prepare = (): Promise<void> => {
    prepared ??= ensureBucket(client, bucket).catch((error: unknown) => {
      prepared = undefined;
      throw error;
    });
    return prepared;
  };

  return {
    async get(name) {
      await prepare();
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: name }));
        return await Body?.transformToByteArray();
      } catch (error) {
        if (error instanceof NoSuchKey) return undefined;
        throw error;
      }
    },
    async put(name, bytes) {
      await prepare();
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: name, Body: bytes }));
    },
    async *list(prefix) {
      if (prefix === '') return;
      await prepare();
      for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })) {
        for (const { Key } of page.Contents ?? []) if (Key !== undefined) yield Key;
      }
    },
    async check() {
      await prepare();
      await client.send(new HeadBucketCommand({ Bucket: bucket }));
    },
    close: () => client.destroy(),
  };
}

async function ensureBucket(client: S3Client, bucket: string): Promise<void> {
  try {
    await client.send(new HeadBucketCommand({ Bucket: bucket }));
  } catch (error) {
    if (!(error instanceof S3ServiceException) || error.$metadata.httpStatusCode !== 404) throw error;
    await createBucket(client, bucket);
  }
}

async function createBucket(client: S3Client, bucket: string): Promise<void> {
  const command = new CreateBucketCommand({ Bucket: bucket });
  // The client makes the region a place to put the bucket into. `auto` is none, and the server knows a place.
  command.middlewareStack.add((next) => (args) => next({ ...args, input: { Bucket: bucket } }), {
    name: 'noLocationConstraint',
    step: 'initialize',
    priority: 'low',
  });
  try {
    await client.send(command);
  } catch (error) {
    // Another node was faster.
    if (!(error instanceof S3ServiceException) || error.name !== 'BucketAlreadyOwnedByYou') throw error;
  }
}
