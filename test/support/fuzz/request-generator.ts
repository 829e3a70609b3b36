// Whole requests: an operation, who asks, what is in the body and the headers. A seed and a number make a request again.
import type { AnyOperation } from '../../../src/server/operation.ts';
import { type JsonSchema, toJsonSchema } from '../../../src/server/validation/json-schema.ts';
import { Random, seedOf } from '../prng.ts';
import { type BodyKind, bodyOf } from './body-generator.ts';
import type { FuzzScene } from './fuzz-scene.ts';

export const CALLERS = ['everything', 'nothing', 'nobody', 'stranger', 'customer'] as const;

/**
 * Who asks: a root key that may do everything, one that may do nothing, no credential, one that nobody gave out, a key that
 * is no root key.
 */
export type Caller = (typeof CALLERS)[number];

export interface FuzzRequest {
  /** Its number in the run. */
  readonly number: number;
  readonly operation: AnyOperation;
  readonly caller: Caller;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Above every number of requests that a run can have. */
const RUN_SIZE = 10 ** 9;

/** Analytics queries cost many times what others do; and what is deleted is of no use to the requests to come. */
const RARE = /^analytics\.|\.(?:delete|reroll)/;

interface Target {
  readonly operation: AnyOperation;
  /** Of its body; empty when it declares none. */
  readonly schema: JsonSchema;
}

export class RequestGenerator {
  readonly #seed: number;
  readonly #operations: readonly Target[];
  readonly #frequent: readonly Target[];

  /** @param seed an integer of at least 0 and below a million */
  constructor(operations: readonly AnyOperation[], seed: number) {
    this.#seed = seed;
    this.#operations = operations.map((operation) => ({
      operation,
      schema: operation.request === undefined ? {} : toJsonSchema(operation.request, 'request'),
    }));
    this.#frequent = this.#operations.filter(({ operation }) => !RARE.test(operation.name));
  }

  request(number: number, scene: FuzzScene): FuzzRequest {
    const random = new Random(seedOf(this.#seed * RUN_SIZE + number));
    const { operation, schema } = random.pick(random.chance(0.2) ? this.#operations : this.#frequent);
    const caller = callerOf(random);
    const body =
      operation.request === undefined ? Buffer.alloc(0) : bodyOf(kindOf(random), schema, scene, random);
    const authorization = authorizationOf(caller, scene, random);
    return {
      number,
      operation,
      caller,
      method: operation.method,
      path: operation.path,
      headers: {
        ...(operation.method === 'POST' ? { 'Content-Type': 'application/json' } : {}),
        ...(authorization === undefined ? {} : { Authorization: authorization }),
        ...(random.chance(0.25) ? oddHeaders(random) : {}),
      },
      body,
    };
  }
}

function callerOf(random: Random): Caller {
  if (random.chance(0.85)) return 'everything';
  return random.pick(CALLERS.slice(1));
}

function kindOf(random: Random): BodyKind {
  const draw = random.fraction();
  if (draw < 0.5) return 'fitting';
  return draw < 0.85 ? 'nearly fitting' : 'hostile';
}

function authorizationOf(caller: Caller, { keys }: FuzzScene, random: Random): string | undefined {
  switch (caller) {
    case 'everything':
    case 'nothing':
    case 'customer':
      return `Bearer ${keys[caller]}`;
    case 'nobody':
      return undefined;
    case 'stranger':
      return random.pick(STRANGERS);
  }
}

const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const CLAIMS = base64url({ sub: 'u', org: { id: 'org' }, exp: 4e9, iat: 1, perms: ['api.*.create_api'] });

/** Credentials that nobody gave out. Bytes beyond ASCII travel as Latin-1. */
const STRANGERS: readonly string[] = [
  'Bearer unkey_nope',
  'Bearer',
  'Bearer ',
  'bearer unkey_nope',
  'Basic Zm9vOmJhcg==',
  'Bearer ..',
  'Bearer a.b.c',
  `Bearer ${base64url({ alg: 'none' })}.${CLAIMS}.`,
  `Bearer ${base64url({ alg: 'HS256' })}.${CLAIMS}.AAAA`,
  `Bearer ${base64url({ alg: 'HS256', kid: '../../../../dev/null', crit: ['x'] })}.${CLAIMS}.AAAA`,
  `Bearer ${base64url({ alg: ['HS256'] })}.${base64url(null)}.AAAA`,
  `Bearer ${base64url(1)}.${base64url([])}.`,
  `Bearer ${'a.'.repeat(5_000)}`,
  `Bearer ${'x'.repeat(16_000)}`,
  "Bearer ' OR 1=1 --",
  'Bearer __proto__',
  'Bearer \u00e9\u00ff',
  'Bearer unkey_nope\tx',
  ' , Bearer x',
];

/** Per header what is sent under its name. */
const ODD_HEADERS: Readonly<Record<string, readonly string[]>> = {
  'Content-Type': [
    '',
    'application',
    'text/plain',
    'application/json;charset=utf-16',
    'application/json, text/plain',
    'APPLICATION/JSON ; x="',
    'application/problem+json',
    'multipart/form-data; boundary=x',
    ';;;',
    '\u00e9',
    `application/json;${'a'.repeat(8_000)}`,
  ],
  Accept: [
    '',
    '*/*',
    'application/problem+json',
    ';',
    `${'a,'.repeat(5_000)}*/*`,
    'application/json;q=0',
    '\u00ff',
  ],
  'Content-Encoding': ['gzip', 'br', 'identity', 'x'],
  Cookie: [
    'portal_session=x',
    'portal_session="',
    'portal_session',
    ';;;=;=;',
    '__proto__=1',
    `${'a=b;'.repeat(2_000)}portal_session=`,
    'portal_session=\u00ff',
  ],
  'X-Forwarded-For': [
    '',
    ',',
    '[::1',
    '[]:80',
    '1.2.3.4:99999',
    'not an address',
    '1.2.3.4,'.repeat(2_000),
    '::ffff:1.2.3.4',
    '\u00ff',
    'a'.repeat(300),
  ],
  'User-Agent': ['', '\u00ff\u0080', 'x'.repeat(10_000), "'; DROP TABLE keys; --"],
  Referer: ['', 'x'.repeat(5_000)],
  'X-Unkey-Metrics': ['disabled', 'Disabled', '', 'x'.repeat(100)],
  'X-Unkey-Client': ['unkey-cli/2.0', '', '\u00ff', 'x'.repeat(10_000)],
  'X-Test-Time': ['0', '-1', '1e400', 'NaN'],
  'X-Filler': ['x'.repeat(500_000)],
  traceparent: ['00-0-0-01', 'x'.repeat(200), '00-00000000000000000000000000000000-0000000000000000-00'],
  Upgrade: ['h2c', 'websocket'],
  Expect: ['100-continue'],
  Origin: ['null', 'https://evil.test'],
  'X-HTTP-Method-Override': ['DELETE'],
  constructor: ['x'],
};

function oddHeaders(random: Random): Record<string, string> {
  const names = Object.keys(ODD_HEADERS);
  const chosen = Array.from({ length: random.integer(1, 3) }, () => random.pick(names));
  return Object.fromEntries(chosen.map((name) => [name, random.pick(ODD_HEADERS[name] ?? [''])]));
}
