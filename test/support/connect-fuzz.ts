// Hostile calls of Connect services: messages that were mutilated, cut, nested, blown up or never were any, in both
// encodings, compressed and not, under headers that fit and headers that lie. The same seed makes the same calls.

import { Agent, request as httpRequest } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { DescMessage } from '@bufbuild/protobuf';
import { create, type MessageInitShape, toBinary, toJsonString } from '@bufbuild/protobuf';
import { Random, seedOf } from './prng.ts';

/** A call that the service understands, to be spoilt. */
export interface SampleCall {
  readonly path: string;
  readonly binary: Buffer;
  readonly json: string;
}

export function sampleCall<Schema extends DescMessage>(
  path: string,
  schema: Schema,
  fields: MessageInitShape<Schema>,
): SampleCall {
  const message = create(schema, fields);
  return { path, binary: Buffer.from(toBinary(schema, message)), json: toJsonString(schema, message) };
}

export interface FuzzedCall {
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface FuzzAnswer {
  readonly status: number;
  /** What the body says; undefined when it is no error of Connect. */
  readonly code: string | undefined;
  /** How the answer is not what its headers say; undefined when it is. */
  readonly broken: string | undefined;
}

export interface FuzzOptions {
  readonly url: string;
  readonly token: string;
  readonly samples: readonly SampleCall[];
  /** How many messages. */
  readonly count: number;
  readonly seed: number;
  /** Why an answer is none that the service may give to the call; undefined when it may. */
  readonly objection: (call: FuzzedCall, answer: FuzzAnswer) => string | undefined;
}

export interface FuzzReport {
  /** The first objections, each with the call. */
  readonly objections: readonly string[];
  /** Answers by status and code. */
  readonly answers: Readonly<Record<string, number>>;
  /** How much the heap of this process has grown since a quarter of the messages was sent, in bytes. */
  readonly growth: number;
}

const CONCURRENCY = 16;
const MOST_OBJECTIONS = 10;

/** How many messages a run sends to each service: UNKEY_FUZZ_MESSAGES, or a number that takes a second. */
export function fuzzCount(): number {
  return Number(process.env.UNKEY_FUZZ_MESSAGES ?? 1_000);
}

/** Sends the calls, some at a time, over connections that are kept. @throws Error when one gets no answer */
export async function fuzzConnect(options: FuzzOptions): Promise<FuzzReport> {
  const random = new Random(seedOf(options.seed));
  const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY });
  const answers: Record<string, number> = {};
  const objections: string[] = [];
  let heap = 0;
  let sent = 0;
  const work = async (): Promise<void> => {
    while (sent < options.count && objections.length < MOST_OBJECTIONS) {
      if (sent++ === Math.floor(options.count / 4)) heap = heapInUse();
      const call = fuzzedCall(random, options);
      const answer = await send(options.url, agent, call);
      const outcome = `${answer.status} ${answer.code ?? ''}`.trim();
      answers[outcome] = (answers[outcome] ?? 0) + 1;
      const objection = answer.broken ?? options.objection(call, answer);
      if (objection !== undefined) objections.push(`${objection}: ${outcome} to ${describe(call)}`);
    }
  };
  try {
    await Promise.all(Array.from({ length: CONCURRENCY }, work));
  } finally {
    agent.destroy();
  }
  return { objections, answers, growth: heapInUse() - heap };
}

function describe({ method, path, headers, body }: FuzzedCall): string {
  return `${method} ${path} ${JSON.stringify(headers)} ${body.subarray(0, 200).toString('base64')}`;
}

/** After a collection, so that two figures can be compared. */
function heapInUse(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}

function fuzzedCall(random: Random, { samples, token }: FuzzOptions): FuzzedCall {
  const sample = random.pick(samples);
  const isBinary = random.chance(0.6);
  const message = isBinary ? spoiltBinary(random, sample.binary) : spoiltJson(random, sample.json);
  const { body, encoding } = packed(random, message);
  const fitting = isBinary ? 'application/proto' : 'application/json';
  return {
    path: random.chance(0.02) ? `${sample.path}?x=%00&y=${random.integer(0, 9)}` : sample.path,
    method: random.chance(0.98) ? 'POST' : random.pick(['GET', 'PUT', 'DELETE', 'OPTIONS']),
    headers: {
      ...(random.chance(0.97) ? { Authorization: `Bearer ${token}` } : wrongToken(random, token)),
      ...(random.chance(0.95) ? { 'Content-Type': fitting } : oddType(random)),
      ...(encoding === undefined ? {} : { 'Content-Encoding': encoding }),
      ...(random.chance(0.9) ? {} : oddHeader(random)),
    },
    body,
  };
}

function wrongToken(random: Random, token: string): Record<string, string> {
  return random.pick<Record<string, string>>([
    {},
    { Authorization: token },
    { Authorization: 'Bearer ' },
    { Authorization: `Bearer ${token}x` },
    { Authorization: `Bearer ${token.slice(1)}` },
    { Authorization: `bearer ${token}` },
    { Authorization: 'x'.repeat(4_000) },
  ]);
}

function oddType(random: Random): Record<string, string> {
  return random.pick<Record<string, string>>([
    {},
    { 'Content-Type': 'application/proto; charset=utf-16' },
    { 'Content-Type': 'application/json;charset=utf-8' },
    { 'Content-Type': 'APPLICATION/JSON' },
    { 'Content-Type': 'application/connect+proto' },
    { 'Content-Type': 'application/connect+json' },
    { 'Content-Type': 'application/grpc' },
    { 'Content-Type': 'application/grpc-web+proto' },
    { 'Content-Type': 'text/plain' },
    { 'Content-Type': ';' },
  ]);
}

function oddHeader(random: Random): Record<string, string> {
  return random.pick<Record<string, string>>([
    { 'Connect-Timeout-Ms': '0' },
    { 'Connect-Timeout-Ms': '-1' },
    { 'Connect-Timeout-Ms': '9999999999' },
    { 'Connect-Timeout-Ms': '99999999999999999999' },
    { 'Connect-Timeout-Ms': 'soon' },
    { 'Connect-Protocol-Version': '2' },
    { 'Accept-Encoding': 'gzip, br' },
    { 'Accept-Encoding': 'gzip;q=x' },
    { Accept: 'text/html' },
    { Host: 'not a host' },
    { Host: 'a:99999999' },
    { Host: '' },
    { Expect: '100-continue' },
  ]);
}

/** Sometimes compressed, as said or not as said. */
function packed(random: Random, body: Buffer): { body: Buffer; encoding?: string } {
  if (random.chance(0.9)) return { body };
  return random.pick<() => { body: Buffer; encoding: string }>([
    () => ({ body: gzipSync(body), encoding: 'gzip' }),
    () => ({ body: brotliCompressSync(body), encoding: 'br' }),
    () => ({ body, encoding: 'gzip' }),
    () => ({ body, encoding: 'br' }),
    () => ({ body, encoding: 'identity' }),
    () => ({ body, encoding: 'zstd' }),
    () => ({ body: gzipSync(body).subarray(0, random.integer(0, 20)), encoding: 'gzip' }),
    () => ({ body: gzipSync(Buffer.alloc(random.integer(0, 100_000))), encoding: 'gzip' }),
  ])();
}

function spoiltBinary(random: Random, message: Buffer): Buffer {
  return random.pick<() => Buffer>([
    () => message,
    () => flipped(random, message),
    () => flipped(random, message),
    () => message.subarray(0, random.integer(0, message.length)),
    () => inserted(random, message, bytes(random, random.integer(1, 20))),
    () => Buffer.concat([message, message]),
    () => bytes(random, random.integer(0, 300)),
    () => Buffer.concat([message, oddField(random)]),
    () => Buffer.concat([oddField(random), message]),
  ])();
}

/** A field that no sample has: of another wire type, another length than it says, nested deeply, or under no number. */
function oddField(random: Random): Buffer {
  const number = random.pick([0, 1, 2, 3, 4, 5, 6, 11, 16, 2 ** 29 - 1]);
  const depth = random.integer(1, 2_000);
  return random.pick<() => Buffer>([
    () => Buffer.concat([tag(number, 0), varint(BigInt(random.integer(0, 2 ** 40)))]),
    () => Buffer.concat([tag(number, 1), bytes(random, 8)]),
    () => Buffer.concat([tag(number, 5), bytes(random, 4)]),
    () => Buffer.concat([tag(number, 6), bytes(random, 4)]),
    () => Buffer.concat([tag(number, 2), varint(2n ** BigInt(random.integer(8, 63)))]),
    () => Buffer.concat([tag(number, 2), varint(2n ** 64n - 1n)]),
    () => Buffer.alloc(depth, tag(number, 3)),
    () => Buffer.concat([Buffer.alloc(depth, tag(1, 3)), Buffer.alloc(depth, tag(1, 4))]),
    () => nested(number, Math.min(depth, 300)),
    () => Buffer.concat([tag(number, 2), varint(4n), Buffer.from([0xff, 0xfe, 0xed, 0xa0])]),
    () => Buffer.alloc(random.integer(1, 30), 0xff),
  ])();
}

function nested(number: number, depth: number): Buffer {
  let inner = Buffer.alloc(0);
  for (let level = 0; level < depth; level++) {
    inner = Buffer.concat([tag(number, 2), varint(BigInt(inner.length)), inner]);
  }
  return inner;
}

function spoiltJson(random: Random, text: string): Buffer {
  const depth = random.integer(1, 20_000);
  const value = () =>
    random.pick([
      'null',
      'true',
      '-1',
      '1e999',
      '[]',
      '{}',
      '"\\ud800"',
      '""',
      '"\\u0000"',
      `"${'x'.repeat(2_000)}"`,
      '[[]]',
      '{"__proto__":"x"}',
      '{"a":{"b":1}}',
    ]);
  return random.pick<() => Buffer>([
    () => Buffer.from(text),
    () => flipped(random, Buffer.from(text)),
    () => Buffer.from(text.slice(0, random.integer(0, text.length))),
    () => Buffer.from(text.replaceAll(/"(?:[^"\\]|\\.)*"(?=[,}])/g, value)),
    () => Buffer.from(withOneValue(random, text, value())),
    () => Buffer.from(withOneValue(random, text, value())),
    () => Buffer.from(text.replace(/:/, `:${value()},"unknown":`)),
    () =>
      Buffer.from(text.replace(/^\{/, `{"${random.pick(['__proto__', 'constructor', 'x'])}":${value()},`)),
    () => Buffer.from(`${'['.repeat(depth)}${']'.repeat(depth)}`),
    () => Buffer.from('{"keyring":'.repeat(depth)),
    () => Buffer.from(value()),
    () => Buffer.from(text, 'utf16le'),
    () => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(text)]),
    () => bytes(random, random.integer(0, 100)),
  ])();
}

/** Another value for one of the fields, so that the call is understood up to there. */
function withOneValue(random: Random, text: string, value: string): string {
  const strings = [...text.matchAll(/"(?:[^"\\]|\\.)*"(?=[,}])/g)];
  if (strings.length === 0) return text;
  const { index, 0: found } = random.pick(strings);
  return text.slice(0, index) + value + text.slice(index + found.length);
}

function flipped(random: Random, message: Buffer): Buffer {
  const copy = Buffer.from(message);
  for (let changes = random.integer(1, 4); changes > 0 && copy.length > 0; changes--) {
    copy[random.integer(0, copy.length - 1)] = random.integer(0, 255);
  }
  return copy;
}

function inserted(random: Random, message: Buffer, what: Buffer): Buffer {
  const at = random.integer(0, message.length);
  return Buffer.concat([message.subarray(0, at), what, message.subarray(at)]);
}

function bytes(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.integer(0, 255)));
}

const tag = (number: number, wireType: number): Buffer => varint(BigInt(number * 8 + wireType));

function varint(value: bigint): Buffer {
  const parts: number[] = [];
  let rest = value;
  while (rest > 127n) {
    parts.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  return Buffer.from([...parts, Number(rest)]);
}

function send(url: string, agent: Agent, call: FuzzedCall): Promise<FuzzAnswer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      url + call.path,
      {
        method: call.method,
        agent,
        headers: { ...call.headers, 'Content-Length': String(call.body.length) },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () =>
          resolve(readAnswer(response.statusCode ?? 0, response.headers, Buffer.concat(chunks))),
        );
      },
    );
    request.once('error', (cause) => reject(new Error(`no answer to ${describe(call)}`, { cause })));
    request.end(call.body);
  });
}

function readAnswer(status: number, headers: Readonly<Record<string, unknown>>, body: Buffer): FuzzAnswer {
  if (status === 200) return { status, code: undefined, broken: undefined };
  if (body.length === 0) return { status, code: undefined, broken: undefined };
  if (headers['content-encoding'] !== undefined) {
    return { status, code: undefined, broken: 'the error is compressed' };
  }
  try {
    const { code } = JSON.parse(body.toString()) as { code?: string };
    return { status, code, broken: code === undefined ? 'the error has no code' : undefined };
  } catch {
    return { status, code: undefined, broken: 'the error is no JSON' };
  }
}
