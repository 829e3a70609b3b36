// Resource permissions: `unkey:v1:<workspaceId>:<path>#<action>`, their grammar and what covers what. Source: the
// authorization model (resource-name grammar, covering).

/** A parsed resource permission. As a grant its wildcards match; as a requirement they are plain segments. */
export interface ResourcePermission {
  readonly workspaceId: string;
  /** Never empty; `*` and a closing `**` are kept as they were written. */
  readonly segments: readonly string[];
  /** `*` only together with the path `**`. */
  readonly action: string;
}

const ACTION = /^[^:#/*]+$/;
const WORKSPACE_ID = /^[^:#/]+$/;

/** The textual form; what comes of parts that break the grammar does not parse and matches only literally. */
export function formatResourcePermission(workspaceId: string, path: string, action: string): string {
  return `unkey:v1:${workspaceId}:${path}#${action}`;
}

/** Parses a resource permission; undefined when `text` breaks the grammar (which is no error: it is then no URN). */
export function parseResourcePermission(text: string): ResourcePermission | undefined {
  const [name, action, ...surplus] = text.split('#');
  if (name === undefined || action === undefined || surplus.length > 0) return undefined;
  const fields = name.split(':');
  if (fields.length !== 4) return undefined;
  const [product, version, workspaceId = '', path = ''] = fields;
  if (product !== 'unkey' || version !== 'v1' || !WORKSPACE_ID.test(workspaceId)) return undefined;
  const segments = path.split('/');
  if (!segments.every((segment, i) => isSegment(segment, i === segments.length - 1))) return undefined;
  if (!isAction(action, path)) return undefined;
  return { workspaceId, segments, action };
}

function isSegment(segment: string, last: boolean): boolean {
  if (segment === '') return false;
  return !segment.includes('*') || segment === '*' || (last && segment === '**');
}

function isAction(action: string, path: string): boolean {
  if (action === '*') return path === '**';
  return ACTION.test(action) && !action.startsWith('_') && !action.endsWith('_');
}

/**
 * Whether holding `grant` satisfies a requirement of `required`: same workspace, same action (or grant action `*`), and
 * a path that matches segment by segment, `*` standing for any one segment and a closing `**` for its own base and all
 * below. Wildcards of the requirement are plain segments, so only a wildcard grant covers them.
 */
export function covers(grant: ResourcePermission, required: ResourcePermission): boolean {
  if (grant.workspaceId !== required.workspaceId) return false;
  if (grant.action !== '*' && grant.action !== required.action) return false;
  const deep = grant.segments.at(-1) === '**';
  const base = deep ? grant.segments.slice(0, -1) : grant.segments;
  if (deep ? required.segments.length < base.length : required.segments.length !== base.length) return false;
  return base.every((segment, i) => segment === '*' || segment === required.segments[i]);
}
