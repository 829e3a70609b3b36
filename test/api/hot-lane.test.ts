// The hot lane and the framework's way lead to one pipeline: whatever is sent, the answers are the same to the byte. Each
// generated request goes out twice: once as it is, and once with a letter of its path encoded, which only the framework
// recognizes. What a request changes, it changes for twins, so that the second one meets what the first one met.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PERMISSION_PRESETS } from '../../src/services/rbac/catalogue.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { exchangeRaw } from '../support/raw-exchange.ts';
import { type TestWorkspace, testWorkspace } from '../support/workspace.ts';

/** Requests for each operation; each is sent twice. */
const REQUESTS = Number(process.env.UNKEY_HOT_LANE_REQUESTS ?? 500);

type Side = 'lane' | 'framework';

let api: TestApi;
let ws: TestWorkspace;
let powerful: string;
let powerless: string;
/** What a request calls by a placeholder, by side; the texts of two sides are equally long. */
const twins = new Map<string, Readonly<Record<Side, string>>>();

const KINDS = {
  plain: {},
  disabled: { enabled: false },
  expired: { expires: 4_102_444_800_000 },
  limited: { ratelimits: [{ name: 'requests', limit: 40, duration: 60_000, autoApply: true }] },
  optional: { ratelimits: [{ name: 'reports', limit: 3, duration: 60_000, autoApply: false }] },
  credited: { credits: { remaining: 60 } },
  telling: { name: 'a name ✓', meta: { plan: 'pro', nested: [1, { a: null }] }, externalId: 'twin' },
} as const;

beforeAll(async () => {
  // A Monday noon: no window ends while the requests are sent, as the clock stands still.
  api = await startApi({ startMs: Date.UTC(2026, 0, 5, 12) });
  ws = await testWorkspace(api);
  powerful = await api.rootKey(PERMISSION_PRESETS.full, ws.id);
  powerless = await api.rootKey(['api.*.read_api'], ws.id);
  for (const [kind, settings] of Object.entries(KINDS)) {
    const lane = await ws.createKey(settings);
    let framework = await ws.createKey(settings);
    // Base 58 makes texts of 21 or 22 characters.
    while (framework.key.length !== lane.key.length) framework = await ws.createKey(settings);
    twins.set(`key ${kind}`, { lane: lane.key, framework: framework.key });
    twins.set(`id ${kind}`, { lane: lane.keyId, framework: framework.keyId });
  }
  for (const name of ['one', 'two', 'three']) {
    twins.set(`identifier ${name}`, { lane: `${name}-l`, framework: `${name}-f` });
  }
  for (const namespace of ['mail', 'sms']) {
    const warmUp = { namespace, identifier: 'warm-up', limit: 10, duration: 60_000 };
    expect((await api.call('ratelimit.limit', warmUp, powerful)).status).toBe(200);
  }
});
afterAll(() => api.stop());

const placeholder = (name: string): string => `<${name}>`;

function resolved(text: string, side: Side): string {
  return text.replace(/<((?:key|id|identifier) \w+)>/g, (_, name: string) => twins.get(name)?.[side] ?? '');
}

/** What two answers may differ in, taken out: ids made at random, how caches fared, and the names of the twins. */
function comparable(answer: string, side: Side): string {
  let text = answer
    .replaceAll(/\b(req|rl)_[A-Za-z0-9]{9}/g, '$1_')
    .replaceAll(/^(X-Unkey-Timing: .*),status=.*$/gm, '$1')
    .replaceAll(/^Date: .*$/gm, 'Date:');
  for (const [name, { [side]: own }] of twins) text = text.replaceAll(own, placeholder(name));
  return text;
}

interface Sent {
  readonly body: string;
  readonly headers: readonly string[];
  readonly framing: 'length' | 'chunked' | 'short' | 'broken chunk' | 'none';
  /** Into how many packets head and body are cut. */
  readonly packets: number;
}

function requestOf(operation: string, sent: Sent, side: Side): string[] {
  const path = side === 'lane' ? `/v2/${operation}` : `/v2/${operation.replace(/^./, percentEncoded)}`;
  const body = Buffer.from(resolved(sent.body, side)).toString('latin1');
  const [framing, payload] = framed(sent.framing, body);
  const head = [
    `POST ${path} HTTP/1.1`,
    'Host: unkey.test',
    'Connection: close',
    ...framing,
    ...sent.headers,
  ];
  const text = `${head.join('\r\n')}\r\n\r\n${payload}`;
  const size = Math.ceil(text.length / sent.packets);
  return Array.from({ length: sent.packets }, (_, index) => text.slice(index * size, (index + 1) * size));
}

function percentEncoded(letter: string): string {
  return `%${letter.charCodeAt(0).toString(16)}`;
}

function framed(framing: Sent['framing'], body: string): [string[], string] {
  switch (framing) {
    case 'length':
      return [[`Content-Length: ${body.length}`], body];
    case 'chunked': {
      const half = body.length >> 1;
      const chunks = [body.slice(0, half), body.slice(half)].filter((chunk) => chunk !== '');
      const text = chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('');
      return [['Transfer-Encoding: chunked'], `${text}0\r\n\r\n`];
    }
    case 'short':
      return [[`Content-Length: ${Math.max(0, body.length - 2)}`], body];
    case 'broken chunk':
      return [['Transfer-Encoding: chunked'], `zz\r\n${body}`];
    case 'none':
      return [[], ''];
  }
}

const oneOf = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const kinds = Object.keys(KINDS).map((kind) => placeholder(`key ${kind}`));
const identifiers = ['one', 'two', 'three'].map((name) => placeholder(`identifier ${name}`));

/** Mostly what is right, sometimes anything else. A text might name what both sides then share, as an identifier. */
const mostly = <T>(right: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof(
    { arbitrary: right, weight: 40 },
    { arbitrary: fc.jsonValue({ maxDepth: 2 }).filter((value) => typeof value !== 'string'), weight: 1 },
  );

const rarely = <T>(value: fc.Arbitrary<T>, rare: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ arbitrary: value, weight: 12 }, { arbitrary: rare, weight: 1 });

const limitName = rarely(oneOf('requests', 'reports', 'ad hoc'), fc.constant('unknown'));
const adHoc = fc.record(
  {
    name: limitName,
    limit: rarely(fc.integer({ min: 1, max: 5 }), fc.constant(0)),
    duration: rarely(oneOf(1000, 60_000), oneOf(0, 999)),
    cost: fc.nat(3),
  },
  { requiredKeys: ['name', 'limit', 'duration'] },
);
const named = fc.record({ name: limitName, cost: fc.nat(3) }, { requiredKeys: ['name'] });
const verification = fc.record(
  {
    key: mostly(oneOf(...kinds, 'no_such_key', placeholder('id plain'), '')),
    tags: mostly(fc.array(fc.string({ minLength: 1, maxLength: 8 }), { maxLength: 3 })),
    permissions: mostly(rarely(oneOf('a.b', 'a.b AND c.d', 'documents.*'), oneOf('(a OR', ''))),
    credits: mostly(fc.record({ cost: rarely(fc.nat(5), fc.constant(-1)) })),
    ratelimits: mostly(fc.array(rarely<{ name: string }>(adHoc, named), { maxLength: 2 })),
    migrationId: mostly(oneOf('mig_unknown')),
  },
  { requiredKeys: ['key'] },
);
const check = fc.record(
  {
    namespace: mostly(oneOf('mail', 'sms')),
    identifier: mostly(oneOf(...identifiers)),
    limit: mostly(fc.integer({ min: 1, max: 30 })),
    duration: mostly(oneOf(1000, 60_000)),
    cost: mostly(fc.integer({ min: 0, max: 3 })),
  },
  { requiredKeys: ['namespace', 'identifier', 'limit', 'duration'] },
);

const BODIES: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  'keys.verifyKey': mostly(verification),
  'ratelimit.limit': mostly(check),
  'ratelimit.multiLimit': mostly(fc.array(check, { maxLength: 4 })),
};

const ONE_CHECK = { namespace: 'mail', identifier: 'user_1', limit: 10, duration: 60_000 };
const VALID_BODIES: Readonly<Record<string, unknown>> = {
  'keys.verifyKey': { key: 'unknown' },
  'ratelimit.limit': ONE_CHECK,
  'ratelimit.multiLimit': [ONE_CHECK],
};

/** Sent whatever else chance brings. */
function byStranger(operation: string): Sent {
  return {
    body: JSON.stringify(VALID_BODIES[operation]),
    headers: ['Authorization: Bearer unknown', 'Content-Type: application/json'],
    framing: 'length',
    packets: 1,
  };
}

function requests(bodies: fc.Arbitrary<unknown>): fc.Arbitrary<Sent> {
  const authorization = rarely(
    fc.constant(`Authorization: Bearer ${powerful}`),
    oneOf(
      `Authorization: Bearer ${powerless}`,
      'Authorization: Bearer unknown',
      `authorization: bearer ${powerful}`,
      'Authorization:',
      'X-Nothing: here',
    ),
  );
  const contentType = rarely(
    fc.constant('Content-Type: application/json'),
    oneOf('Content-Type: text/plain', 'content-type: Application/JSON; charset=utf-8', 'X-Content: none'),
  );
  const others = fc.subarray([
    'Accept: application/problem+json',
    'X-Unkey-Metrics: disabled',
    'X-Forwarded-For: 203.0.113.7, 10.0.0.1',
    'Cookie: portal_session="x"',
    'User-Agent: twin/1.0',
  ]);
  const body = rarely(
    bodies.map((value) => JSON.stringify(value)),
    oneOf(
      '',
      '{',
      '{"key":"x","surplus":1}',
      '[]',
      'null',
      '"text"',
      '{"key":"\\ud800"}',
      `${'['.repeat(1200)}${']'.repeat(1200)}`,
    ),
  );
  const framing: fc.Arbitrary<Sent['framing']> = fc.oneof(
    { arbitrary: fc.constant('length' as const), weight: 10 },
    { arbitrary: oneOf<Sent['framing']>('chunked', 'short', 'broken chunk', 'none'), weight: 2 },
  );
  const packets = rarely(fc.constant(1), oneOf(2, 3));
  return fc
    .tuple(body, authorization, contentType, others, framing, packets)
    .map(([text, auth, type, more, how, cut]) => ({
      body: text,
      headers: [auth, type, ...more],
      framing: how,
      packets: cut,
    }));
}

test.each(Object.keys(BODIES))(
  '%s answers on the lane as it does behind the framework',
  async (operation) => {
    const { port } = new URL(api.url);
    const statuses = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(requests(BODIES[operation] ?? fc.anything()), async (sent) => {
        const answerOf = async (side: Side): Promise<string> =>
          comparable(await exchangeRaw(Number(port), requestOf(operation, sent, side)), side);
        const lane = await answerOf('lane');
        expect(lane).toBe(await answerOf('framework'));
        const status = lane.slice(9, 12);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }),
      // What a failure changed cannot be undone for a smaller one.
      { numRuns: REQUESTS, endOnFailure: true, examples: [[byStranger(operation)]] },
    );
    // Were nearly all refused, they would have compared nothing but refusals.
    expect(statuses.get('200') ?? 0).toBeGreaterThan(REQUESTS / 4);
    expect(statuses.get('400') ?? 0).toBeGreaterThan(REQUESTS / 50);
    expect(statuses.get('401') ?? 0).toBeGreaterThan(0);
  },
);
