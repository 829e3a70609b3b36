import { errorChain, Fault } from '../../lib/fault.ts';

// Which thrown values are expected failures of a running system and which are bugs. A bug unwinds to panic recovery.

const DEADLINE_CODES: ReadonlySet<unknown> = new Set([
  'ETIMEDOUT',
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** True when some link of the chain says that time ran out, the request's own or that of a call that it made. */
export function hasDeadlineError(error: unknown): boolean {
  return errorChain(error).some(
    (link) =>
      link instanceof Error &&
      (link.name === 'TimeoutError' || ('code' in link && DEADLINE_CODES.has(link.code))),
  );
}

/** True when some link of the chain is the sound of an aborted signal. */
export function hasAbortError(error: unknown): boolean {
  return errorChain(error).some((link) => link instanceof Error && link.name === 'AbortError');
}

function hasDatabaseError(error: unknown): boolean {
  return errorChain(error).some((link) => link instanceof Error && link.name === 'DatabaseError');
}

/**
 * The Fault to answer with, or undefined when the failure is a bug. A failure of the relational store that no service
 * gave a code means that the service is unavailable (spec: how internal failures map by default).
 */
export function asFault(error: unknown): Fault | undefined {
  for (const link of errorChain(error)) {
    if (link instanceof Fault) return link;
  }
  if (!hasDatabaseError(error)) return undefined;
  return new Fault('unkey:application:service_unavailable', {
    public: 'The service is temporarily unavailable. Please try again.',
    internal: 'the relational store failed',
    cause: error,
  });
}
