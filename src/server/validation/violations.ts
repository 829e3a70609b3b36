import type { ErrorObject } from 'ajv';

/** One entry of `error.errors`. */
export interface Violation {
  /** JSON pointer of the violated keyword in the body schema, or `security` or `requestBody`. */
  readonly location: string;
  readonly message: string;
  /** What the caller can do about it; never on schema violations. */
  readonly fix?: string;
}

/** Keywords that only say that one of their branches failed; the branches speak for themselves. */
const WRAPPERS: ReadonlySet<string> = new Set(['anyOf', 'oneOf', 'allOf', 'if', '$ref']);

/** Keywords whose failure ends the checks of a value, the strongest first. */
const STOPPERS = ['type', 'const', 'enum'];

/**
 * What Ajv collected (`allErrors`, `verbose`) as entries of the wire contract: one a violation, missing and additional
 * properties of an object in one entry each, nothing more about a value whose type, const or enum failed.
 * Source: the failure response of the HTTP contract (§3.2).
 */
export function toViolations(errors: readonly ErrorObject[]): Violation[] {
  const stopped = stoppedChecks(errors);
  const told = errors.filter((error) => !isWrapper(error) && !isStopped(error, stopped));
  return [...grouped(told).values()].map((group) => ({
    location: locationOf(group[0]),
    message: messageOf(group),
  }));
}

type Group = [ErrorObject, ...ErrorObject[]];

/** `oneOf` that matched twice has no failed branch to speak for it. */
function isWrapper({ keyword, params }: ErrorObject): boolean {
  return WRAPPERS.has(keyword) && !Array.isArray(params.passingSchemas);
}

/** A value checked against a node of the schema. */
const check = (instancePath: string, schemaNode: string): string => `${instancePath}\n${schemaNode}`;

const nodeOf = (schemaPath: string): string => schemaPath.slice(0, schemaPath.lastIndexOf('/'));

/** For each check that a stopper ended: the strongest stopper. */
function stoppedChecks(errors: readonly ErrorObject[]): Map<string, string> {
  const stopped = new Map<string, string>();
  for (const { keyword, instancePath, schemaPath } of errors) {
    if (!STOPPERS.includes(keyword)) continue;
    const key = check(instancePath, nodeOf(schemaPath));
    const earlier = stopped.get(key);
    if (earlier === undefined || STOPPERS.indexOf(keyword) < STOPPERS.indexOf(earlier)) {
      stopped.set(key, keyword);
    }
  }
  return stopped;
}

/** Whether a stopper of the same value, at this node of the schema or at one around it, hides the error. */
function isStopped(error: ErrorObject, stopped: ReadonlyMap<string, string>): boolean {
  const own = nodeOf(error.schemaPath);
  for (let node = own; ; node = nodeOf(node)) {
    const by = stopped.get(check(error.instancePath, node));
    if (by !== undefined && !(node === own && by === error.keyword)) return true;
    if (!node.includes('/')) return false;
  }
}

/** Errors that share an entry: the names that one object lacks, and those that it has too many. */
function grouped(errors: readonly ErrorObject[]): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const [index, error] of errors.entries()) {
    const shared = error.keyword === 'required' || error.keyword === 'additionalProperties';
    const key = shared ? check(error.instancePath, error.schemaPath) : String(index);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [error]);
    else group.push(error);
  }
  return groups;
}

/** `#/properties/a%7Eb/minLength` → `/properties/a~b/minLength`. */
function locationOf({ schemaPath }: ErrorObject): string {
  return schemaPath.slice(1).split('/').map(decodeURIComponent).join('/');
}

function messageOf(group: Group): string {
  const [error] = group;
  const { keyword, params, data } = error;
  switch (keyword) {
    case 'required': {
      const names = group.map((each) => quote(String(each.params.missingProperty)));
      return `${names.length === 1 ? 'missing property' : 'missing properties'} ${names.join(', ')}`;
    }
    case 'additionalProperties': {
      const names = group.map((each) => quote(String(each.params.additionalProperty)));
      return `additional properties ${names.join(', ')} not allowed`;
    }
    case 'type':
      return `got ${typeName(data)}, want ${[params.type].flat().join(' or ')}`;
    case 'enum': {
      const values = [params.allowedValues].flat().map(display);
      return values.length === 1 ? `value must be ${values[0]}` : `value must be one of ${values.join(', ')}`;
    }
    case 'const':
      return `value must be ${display(params.allowedValue)}`;
    case 'pattern':
      return `${quote(String(data))} does not match pattern ${quote(String(params.pattern))}`;
    case 'uniqueItems': {
      const [first, second] = [Number(params.i), Number(params.j)].toSorted((a, b) => a - b);
      return `items at ${first} and ${second} are equal`;
    }
    case 'multipleOf':
      return `multipleOf: got ${data}, want ${params.multipleOf}`;
    case 'oneOf':
      return `oneOf failed, subschemas ${[params.passingSchemas].flat().join(', ')} matched`;
    default:
      return params.limit === undefined
        ? `${keyword} failed`
        : `${keyword}: got ${measure(data)}, want ${params.limit}`;
  }
}

/** What a bound compares: code points, items, members, or the number itself. */
function measure(data: unknown): number {
  if (typeof data === 'string') return [...data].length;
  if (Array.isArray(data)) return data.length;
  if (typeof data === 'object' && data !== null) return Object.keys(data).length;
  return Number(data);
}

function typeName(data: unknown): string {
  if (data === null) return 'null';
  return Array.isArray(data) ? 'array' : typeof data;
}

function display(value: unknown): string {
  return typeof value === 'string' ? quote(value) : JSON.stringify(value);
}

function quote(text: string): string {
  return `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}
