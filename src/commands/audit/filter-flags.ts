// The flags that choose events, for both verbs of `unkey audit`.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../../lib/duration.ts';
import type { AuditFilter, PartyFilter } from '../../services/audit/audit-filter.ts';
import type { AuditActor, AuditTargetType } from '../../services/audit/audit-log.ts';
import type { Queryable } from '../../storage/sql/database.ts';
import { usageError } from '../cli/cli-error.ts';
import { parseTimestamp } from '../cli/timestamp.ts';

/** A point in time, or a stretch of time ago. */
type When = { readonly at: number } | { readonly agoMs: number };

export type FilterFlags = {
  readonly workspace?: string;
  readonly event?: string;
  readonly actor?: PartyFilter;
  readonly resource?: PartyFilter;
  readonly correlation?: string;
  readonly since?: When;
  readonly until?: When;
} & Record<string, unknown>;

const ACTOR_TYPES: ReadonlySet<string> = new Set<AuditActor['type']>([
  'rootkey',
  'user',
  'system',
  'portalEndUser',
]);

const TARGET_TYPES: ReadonlySet<string> = new Set<AuditTargetType>([
  'api',
  'auditLogBucket',
  'identity',
  'keySpace',
  'key',
  'permission',
  'ratelimit',
  'ratelimitNamespace',
  'ratelimitOverride',
  'role',
  'workspace',
  'portalSession',
  'deployment',
  'project',
  'app',
  'environment',
  'domain',
]);

export function addFilterOptions(command: Command): Command {
  return command
    .addOption(new Option('--workspace <id|slug>', 'only the log of this workspace'))
    .addOption(
      new Option('--event <name>', "only this event, or all that begin alike: 'key.*'").argParser(eventName),
    )
    .addOption(
      new Option(
        '--actor <id>',
        'only what this actor did: an id, or type:id such as rootkey:key_123',
      ).argParser(party(ACTOR_TYPES)),
    )
    .addOption(
      new Option(
        '--resource <id>',
        'only what was done to this: an id, or type:id such as api:api_123',
      ).argParser(party(TARGET_TYPES)),
    )
    .addOption(new Option('--correlation <id>', 'only the events of one request'))
    .addOption(
      new Option('--since <when>', 'from then on: a duration ago (24h) or an RFC 3339 time').argParser(when),
    )
    .addOption(new Option('--until <when>', 'up to then, not included').argParser(when));
}

/**
 * What the flags ask for. `now` in unix ms.
 * @throws CliError exit 2 when no time is left between --since and --until, a Fault (exit 5) for an unknown workspace
 */
export async function readFilter(q: Queryable, flags: FilterFlags, now: number): Promise<AuditFilter> {
  const { event, actor, resource, correlation } = flags;
  const since = flags.since === undefined ? undefined : absolute(flags.since, now);
  const until = flags.until === undefined ? undefined : absolute(flags.until, now);
  if (since !== undefined && until !== undefined && since >= until) {
    throw usageError('--since must be before --until');
  }
  const workspaceId = flags.workspace === undefined ? undefined : await workspaceIdOf(q, flags.workspace);
  return {
    ...(workspaceId === undefined ? {} : { workspaceId }),
    ...(event === undefined ? {} : { event }),
    ...(actor === undefined ? {} : { actor }),
    ...(resource === undefined ? {} : { resource }),
    ...(correlation === undefined ? {} : { correlationId: correlation }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  };
}

async function workspaceIdOf(q: Queryable, idOrSlug: string): Promise<string> {
  const { resolveWorkspace } = await import('../../services/root-keys/workspace.ts');
  return (await resolveWorkspace(q, idOrSlug)).id;
}

function eventName(text: string): string {
  if (!/^[A-Za-z]+(?:_[A-Za-z_]+)?(?:\.[A-Za-z_]+)*(?:\.?\*)?$|^\*$/.test(text)) {
    throw new InvalidArgumentError(
      "It must be the name of an event such as key.create, or a beginning such as 'key.*'.",
    );
  }
  return text;
}

/** What stands before the first colon is a type only when there is such a type: ids of users may hold colons. */
function party(types: ReadonlySet<string>): (text: string) => PartyFilter {
  return (text) => {
    const colon = text.indexOf(':');
    const type = text.slice(0, Math.max(colon, 0));
    const filter = types.has(type) ? { type, id: text.slice(colon + 1) } : { type: undefined, id: text };
    if (filter.id === '')
      throw new InvalidArgumentError('It must be an id, or a type and an id: key:key_123.');
    return filter;
  };
}

function when(text: string): When {
  const agoMs = parseDuration(text);
  if (agoMs !== undefined) return { agoMs };
  const at = parseTimestamp(text);
  if (at === undefined) {
    throw new InvalidArgumentError(
      'It must be a duration such as 24h, or a time such as 2027-01-31T12:00:00Z.',
    );
  }
  return { at };
}

function absolute(time: When, now: number): number {
  return Math.trunc('at' in time ? time.at : now - time.agoMs);
}
