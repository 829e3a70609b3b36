import type { Schema } from 'joi';

/** What `schema.describe()` tells of one schema, as far as the contract reads it. */
export interface JoiDescription {
  readonly type: string;
  readonly flags?: Readonly<Record<string, unknown>>;
  readonly allow?: readonly unknown[];
  readonly rules?: readonly { readonly name: string; readonly args?: Readonly<Record<string, unknown>> }[];
  readonly examples?: readonly unknown[];
  readonly metas?: readonly Readonly<Record<string, unknown>>[];
  readonly keys?: Readonly<Record<string, JoiDescription>>;
  readonly patterns?: readonly { readonly regex?: string; readonly rule: JoiDescription }[];
  readonly items?: readonly JoiDescription[];
  readonly matches?: readonly { readonly schema?: JoiDescription }[];
}

/** Joi types that have one JSON Schema form. */
const TYPES: ReadonlySet<string> = new Set([
  'any',
  'string',
  'number',
  'boolean',
  'object',
  'array',
  'alternatives',
]);

/** Rules that Joi carries over into JSON Schema; a rule that is not here would silently not be enforced. */
const RULES: Readonly<Record<string, ReadonlySet<string>>> = {
  string: new Set(['min', 'max', 'length', 'pattern', 'email', 'uri', 'guid', 'isoDate']),
  number: new Set(['integer', 'min', 'max', 'greater', 'less', 'multiple']),
  object: new Set(['min', 'max', 'length']),
  array: new Set(['min', 'max', 'length', 'unique']),
};

/** Members of a description that say something which JSON Schema, as Joi writes it, would lose. */
const LOST = [
  'whens',
  'link',
  'shared',
  'invalid',
  'dependencies',
  'renames',
  'externals',
  'preferences',
  'ordered',
] as const;

/**
 * Describes a schema.
 *
 * @throws Error naming the place when the schema says something that its JSON Schema would not: what the document
 *   promises and what the server enforces must be the same. Such a rule belongs into the handler.
 */
export function describeJoi(schema: Schema): JoiDescription {
  const description = schema.describe() as JoiDescription;
  assertExpressible(description, '');
  return description;
}

/** Whether the schema admits nothing: an operation that answers with nothing but `meta` declares its data so. */
export function isForbidden(schema: Schema): boolean {
  return (schema.describe() as JoiDescription).flags?.presence === 'forbidden';
}

function assertExpressible(node: JoiDescription, path: string): void {
  const refuse = (what: string): never => {
    throw new Error(`The Joi schema at '${path || '/'}' uses ${what}, which JSON Schema would not carry`);
  };

  if (!TYPES.has(node.type)) refuse(`type '${node.type}'`);
  for (const member of LOST) if (member in node) refuse(`'${member}'`);
  for (const { name, args } of node.rules ?? []) {
    if (!RULES[node.type]?.has(name)) refuse(`rule '${name}'`);
    if (name === 'pattern') assertPlainPattern(String(args?.regex), refuse);
  }
  const foreign = (node.allow ?? []).filter((value) => value !== null && typeof value !== node.type);
  if (node.flags?.only !== true && foreign.length > 0) refuse('allow() of a value of another type');
  if (node.allow?.includes('') && node.flags?.only !== true && node.rules?.some(atLeastOneCharacter)) {
    refuse("allow('') beside a minimum length");
  }

  for (const [key, child] of Object.entries(node.keys ?? {})) assertExpressible(child, `${path}/${key}`);
  for (const { regex, rule } of node.patterns ?? []) {
    if (regex !== undefined) assertPlainPattern(regex, refuse);
    assertExpressible(rule, `${path}/*`);
  }
  for (const child of node.items ?? []) assertExpressible(child, `${path}/items`);
  for (const { schema } of node.matches ?? []) {
    if (schema === undefined) refuse('conditional alternatives');
    else assertExpressible(schema, path);
  }
}

/** JSON Schema patterns have no flags and run with `u`; Joi shows a pattern as `/source/flags`. */
function assertPlainPattern(shown: string, refuse: (what: string) => never): void {
  const flags = shown.slice(shown.lastIndexOf('/') + 1);
  if (flags !== '' && flags !== 'u') refuse(`a pattern with the flags '${flags}'`);
}

function atLeastOneCharacter(rule: {
  readonly name: string;
  readonly args?: Readonly<Record<string, unknown>>;
}): boolean {
  return (rule.name === 'min' || rule.name === 'length') && rule.args?.limit !== 0;
}
