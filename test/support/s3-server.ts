// The part of S3's HTTP contract that the Vault's store uses, written from its documentation: path-style addressing,
// HeadBucket, CreateBucket, PutObject, GetObject and ListObjectsV2 in pages of a thousand.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

const PAGE = 1_000;

export interface S3Server {
  readonly url: string;
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  /** Method and path with query of the requests so far. */
  readonly requests: string[];
  /** How many of the next requests to answer with 503. */
  failing: number;
  /** Answers HeadBucket for a bucket that is there with 404 once, as if it were made in between. */
  hideBucket: boolean;
  stop(): Promise<void>;
}

/** Starts an empty server on a free port. It believes whom it knows by the access key id, and checks no signature. */
export async function startS3Server(): Promise<S3Server> {
  const buckets = new Map<string, Map<string, Buffer>>();
  const server = createServer((request, response) => {
    void handle(request, response);
  });
  const state: S3Server = {
    url: '',
    accessKeyId: 'test-access-key',
    accessKeySecret: 'test-access-secret',
    requests: [],
    failing: 0,
    hideBucket: false,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const url = new URL(request.url ?? '/', 'http://s3');
    const method = request.method ?? '';
    state.requests.push(`${method} ${request.url}`);
    const [, bucketName = '', ...rest] = url.pathname.split('/');
    const key = rest.map(decodeURIComponent).join('/');
    const bucket = buckets.get(bucketName);
    if (state.failing > 0) {
      state.failing--;
      return error(response, 503, 'SlowDown');
    }
    const credential = `AWS4-HMAC-SHA256 Credential=${state.accessKeyId}/`;
    if (!request.headers.authorization?.startsWith(credential)) {
      return error(response, 403, 'InvalidAccessKeyId');
    }
    if (key === '' && method === 'HEAD') {
      const isThere = bucket !== undefined && !state.hideBucket;
      state.hideBucket = false;
      return void response.writeHead(isThere ? 200 : 404).end();
    }
    if (key === '' && method === 'PUT') {
      if (bucket !== undefined) return error(response, 409, 'BucketAlreadyOwnedByYou');
      if (body.length > 0) return error(response, 400, 'InvalidLocationConstraint');
      buckets.set(bucketName, new Map());
      return void response.writeHead(200).end();
    }
    if (bucket === undefined) return error(response, 404, 'NoSuchBucket');
    if (key === '') return xml(response, 200, listing(bucketName, bucket, url.searchParams));
    if (method === 'PUT') {
      bucket.set(key, body);
      return void response.writeHead(200, { ETag: '"0"' }).end();
    }
    const object = bucket.get(key);
    if (object === undefined) return error(response, 404, 'NoSuchKey');
    response.writeHead(200, { 'Content-Length': object.length, ETag: '"0"' }).end(object);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const { port } = server.address() as AddressInfo;
  return Object.assign(state, { url: `http://127.0.0.1:${port}` });
}

function listing(name: string, bucket: ReadonlyMap<string, Buffer>, query: URLSearchParams): string {
  const after = query.get('continuation-token') ?? '';
  const keys = [...bucket.keys()]
    .filter((key) => key.startsWith(query.get('prefix') ?? '') && key > after)
    .sort();
  const page = keys.slice(0, PAGE);
  const isTruncated = keys.length > page.length;
  return [
    `<ListBucketResult><Name>${name}</Name><KeyCount>${page.length}</KeyCount>`,
    `<IsTruncated>${isTruncated}</IsTruncated>`,
    isTruncated ? `<NextContinuationToken>${escaped(page.at(-1) ?? '')}</NextContinuationToken>` : '',
    ...page.map(
      (key) => `<Contents><Key>${escaped(key)}</Key><Size>${bucket.get(key)?.length}</Size></Contents>`,
    ),
    '</ListBucketResult>',
  ].join('');
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

function xml(response: ServerResponse, status: number, body: string): void {
  const text = `<?xml version="1.0" encoding="UTF-8"?>${body}`;
  response.writeHead(status, {
    'Content-Type': 'application/xml',
    'Content-Length': Buffer.byteLength(text),
  });
  response.end(text);
}

function error(response: ServerResponse, status: number, code: string): void {
  xml(response, status, `<Error><Code>${code}</Code><Message>${code}</Message></Error>`);
}
