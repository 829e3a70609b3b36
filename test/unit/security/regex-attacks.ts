// Texts that make an expression work: what it repeats, repeated, behind what leads there and before what spoils the match.
import type { Node } from './regex-parser.ts';

const PROBE = Array.from({ length: 127 }, (_, code) => String.fromCharCode(code)).concat('é', '\u2028', '漢');

export interface Attack {
  readonly prefix: string;
  readonly pump: string;
  readonly suffix: string;
}

export function attackText({ prefix, pump, suffix }: Attack, times: number): string {
  return prefix + pump.repeat(times) + suffix;
}

export function attacksOn(node: Node): Attack[] {
  const characters = representatives(node);
  const routes = repeatsOf(node, '');
  const words = [...characters, ...characters.flatMap((one) => characters.map((other) => one + other))];
  const leads = routes.map(({ prefix }) => prefix);
  // Behind the first character nothing that is anchored to the beginning matches any more.
  const prefixes = new Set(['', '\u0000', ...leads]);
  // Whatever stands between two repetitions can be repeated as a whole, too.
  const links = leads.flatMap((lead) =>
    ['', ...leads].filter((earlier) => lead.startsWith(earlier)).map((earlier) => lead.slice(earlier.length)),
  );
  const pumps = new Set([
    ...words,
    ...links.filter((link) => link !== ''),
    ...routes.flatMap(({ bodies }) => bodies),
  ]);
  const suffixes = new Set(['', '\u0000', '\n', sample(node).slice(-1)]);
  return [...prefixes].flatMap((prefix) =>
    [...pumps].flatMap((pump) => [...suffixes].map((suffix) => ({ prefix, pump, suffix }))),
  );
}

/** One character for each way in which the sets of the expression can take or refuse a character. */
function representatives(node: Node): string[] {
  const sets = setsOf(node);
  const bySignature = new Map<string, string>();
  for (const character of PROBE) {
    const signature = sets.map(({ accepts }) => (accepts(character) ? '1' : '0')).join('');
    // Printable ones come later in the alphabet and read better.
    if (signature.includes('1')) bySignature.set(signature, character);
  }
  return [...bySignature.values()].slice(0, 14);
}

function setsOf(node: Node): Extract<Node, { kind: 'set' }>[] {
  return node.kind === 'set' ? [node] : partsOf(node).flatMap(setsOf);
}

function partsOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case 'sequence':
      return node.parts;
    case 'choice':
      return node.branches;
    case 'repeat':
    case 'look':
    case 'capture':
      return [node.part];
    default:
      return [];
  }
}

interface Route {
  /** What leads to a repetition. */
  readonly prefix: string;
  /** What it repeats, by its branches. */
  readonly bodies: readonly string[];
}

function repeatsOf(node: Node, prefix: string): Route[] {
  if (node.kind === 'repeat') {
    const body = node.part.kind === 'capture' ? node.part.part : node.part;
    const bodies = body.kind === 'choice' ? body.branches.map(sample) : [sample(body)];
    const own = node.max > 8 ? [{ prefix, bodies: bodies.filter((body) => body !== '') }] : [];
    return [...own, ...repeatsOf(node.part, prefix)];
  }
  if (node.kind !== 'sequence') return partsOf(node).flatMap((part) => repeatsOf(part, prefix));
  let soFar = prefix;
  return node.parts.flatMap((part) => {
    const routes = repeatsOf(part, soFar);
    soFar += sample(part);
    return routes;
  });
}

/** A short text that the expression takes, repetitions once where they may. */
function sample(node: Node): string {
  switch (node.kind) {
    case 'set':
      return PROBE.findLast((character) => node.accepts(character)) ?? '';
    case 'sequence':
      return node.parts.map(sample).join('');
    case 'choice':
      return node.branches[0] === undefined ? '' : sample(node.branches[0]);
    case 'capture':
      return sample(node.part);
    case 'repeat':
      return sample(node.part).repeat(Math.max(node.min, Math.min(1, node.max)));
    default:
      return '';
  }
}
