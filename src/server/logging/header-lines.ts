import { REDACTED } from './body-redaction.ts';

export type HeaderPair = readonly [name: string, value: string];

/** What balancers add, and the host, which has a column of its own. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  'host',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-forwarded-for',
  'x-amzn-trace-id',
]);
const SECRET: ReadonlySet<string> = new Set(['authorization', 'cookie', 'set-cookie', 'proxy-authorization']);

/** Names and values in turn, as Node has raw headers, as pairs. */
export function headerPairs(raw: readonly string[]): HeaderPair[] {
  const pairs: HeaderPair[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) pairs.push([raw[i] ?? '', raw[i + 1] ?? '']);
  return pairs;
}

/**
 * Headers as the request log keeps them: `Content-Type: text/plain`, one line a name, the values of a repeated one joined
 * by commas. Values of credentials are replaced; what balancers add is left out, and HTTP/2's pseudo headers.
 */
export function headerLines(pairs: readonly HeaderPair[]): string[] {
  const values = new Map<string, string>();
  for (const [name, value] of pairs) {
    const { canonical, keeps } = ruleOf(name);
    if (keeps === 'nothing') continue;
    const earlier = keeps === 'name' ? undefined : values.get(canonical);
    const kept = keeps === 'name' ? REDACTED : value;
    values.set(canonical, earlier === undefined ? kept : `${earlier},${kept}`);
  }
  return [...values].map(([name, value]) => `${name}: ${value}`);
}

interface HeaderRule {
  /** `content-type` → `Content-Type`. */
  readonly canonical: string;
  readonly keeps: 'all' | 'name' | 'nothing';
}

/** By the name as sent. Names are few and come with every request, but a client may make up others without end. */
const rules = new Map<string, HeaderRule>();
const MOST_RULES = 500;

function ruleOf(name: string): HeaderRule {
  const known = rules.get(name);
  if (known !== undefined) return known;
  const lower = name.toLowerCase();
  const rule: HeaderRule = {
    canonical: lower.replace(/(?:^|-)[a-z]/g, (start) => start.toUpperCase()),
    keeps: LEFT_OUT.has(lower) || lower.startsWith(':') ? 'nothing' : SECRET.has(lower) ? 'name' : 'all',
  };
  if (rules.size < MOST_RULES) rules.set(name, rule);
  return rule;
}
