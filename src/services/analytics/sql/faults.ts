import { Fault } from '../../../lib/fault.ts';

/** The text is no query that this endpoint runs: syntax, size, several statements, settings, a malformed set operand. */
export function queryFault(detail: string): Fault {
  return new Fault('user:bad_request:invalid_analytics_query', { public: detail });
}

/** The text is a statement, but not a SELECT. */
export function queryTypeFault(detail: string): Fault {
  return new Fault('user:bad_request:invalid_analytics_query_type', { public: detail });
}

/** A table that this endpoint does not offer. */
export function tableFault(detail: string): Fault {
  return new Fault('user:bad_request:invalid_analytics_table', { public: detail });
}

/** A function outside the allow-list. */
export function functionFault(name: string): Fault {
  return new Fault('user:bad_request:invalid_analytics_function', {
    public: `The function ${shown(name)} is not allowed in analytics queries.`,
  });
}

/** A predicate that asks for data older than the workspace's log retention. */
export function retentionFault(days: number): Fault {
  return new Fault('user:bad_request:query_range_exceeds_retention', {
    public: `The query reaches back further than the log retention of ${days} days.`,
  });
}

const SHOWN_LENGTH = 64;

/** A caller's name inside a message: quoted, cut to a bounded length. */
export function shown(name: string): string {
  return JSON.stringify(name.length > SHOWN_LENGTH ? `${name.slice(0, SHOWN_LENGTH)}…` : name);
}
