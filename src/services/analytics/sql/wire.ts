// Reading the parser's tree, whose shape is data to us and not a promise: every field of every node is either read by
// name or must be empty, so that nothing the parser understood can be lost on the way (spec: fail closed).
import { queryFault, shown } from './faults.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** A node of the parser: `{ [kind]: fields }`. */
export interface WireNode {
  readonly kind: string;
  /** Empty for a node that carries no fields (`{ "null": null }`). */
  readonly fields: Fields;
}

/** Where the parser found a node; tells nothing that matters here. */
const IGNORED = new Set(['span']);

/** The node in `value`, or undefined for null. */
export function wireNode(value: unknown): WireNode | undefined {
  if (value === null || value === undefined) return undefined;
  const entries = Object.entries(fieldsOf(value));
  const [entry] = entries;
  if (entry === undefined || entries.length !== 1) throw unsupported('node');
  return { kind: entry[0], fields: entry[1] === null ? {} : fieldsOf(entry[1]) };
}

export function requiredNode(value: unknown): WireNode {
  const node = wireNode(value);
  if (node === undefined) throw unsupported('gap');
  return node;
}

export function fieldsOf(value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw unsupported('value');
  return value as Fields;
}

/**
 * Asserts that `fields` holds nothing but the fields named.
 *
 * @throws Fault invalid_analytics_query naming the construct.
 */
export function only(fields: Fields, ...known: readonly string[]): void {
  for (const [name, value] of Object.entries(fields)) {
    if (!known.includes(name) && !IGNORED.has(name) && !isEmpty(value)) throw unsupported(name);
  }
}

function isEmpty(value: unknown): boolean {
  return (
    value === null || value === undefined || value === false || (Array.isArray(value) && value.length === 0)
  );
}

export function listOf(value: unknown): readonly unknown[] {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) throw unsupported('list');
  return value;
}

export function textOf(value: unknown): string {
  if (typeof value !== 'string') throw unsupported('text');
  return value;
}

/** A construct that our grammar does not have. */
export function unsupported(construct: string): Error {
  return queryFault(`Syntax error: the query uses an unsupported construct (${shown(construct)}).`);
}
