import { type ErrorCode, errorUrn } from './error-codes.ts';

export interface FaultOptions {
  /** What the caller may read; joined over the cause chain, outermost first. */
  readonly public?: string;
  /** What only the operator may read: goes to the log line with the same request id. */
  readonly internal?: string;
  /** The failure underneath: another Fault, a driver error, anything thrown. */
  readonly cause?: unknown;
}

/**
 * The one way in which code reports an expected failure: an error code, a public and an internal message, a cause.
 * `throw new Error()` stays for bugs. Which HTTP status a code becomes is the server's business.
 */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly code: ErrorCode;
  /** Safe to send; empty when nothing may be said. */
  readonly publicMessage: string;
  /** For the operator alone; the code's URN when nothing more is to be said. */
  readonly internalMessage: string;

  constructor(code: ErrorCode, options: FaultOptions = {}) {
    super(
      options.internal ?? options.public ?? code,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = code;
    this.publicMessage = options.public ?? '';
    this.internalMessage = options.internal ?? errorUrn(code);
  }
}

/** The chain from `error` down its causes, `error` first. Stops at the first value that is not an Error. */
export function errorChain(error: unknown): unknown[] {
  const chain: unknown[] = [];
  let current: unknown = error;
  while (current !== undefined && current !== null && !chain.includes(current)) {
    chain.push(current);
    current = current instanceof Error ? current.cause : undefined;
  }
  return chain;
}

/** The code that decides status and type: the outermost one in the chain, or undefined when none is a Fault. */
export function faultCode(error: unknown): ErrorCode | undefined {
  for (const link of errorChain(error)) {
    if (link instanceof Fault) return link.code;
  }
  return undefined;
}

/** All public messages of the chain, outermost first, joined by one space. */
export function publicDetail(error: unknown): string {
  return errorChain(error)
    .flatMap((link) => (link instanceof Fault && link.publicMessage !== '' ? [link.publicMessage] : []))
    .join(' ');
}

/** All internal messages of the chain, outermost first, joined by `: `. Never sent to a caller. */
export function internalDetail(error: unknown): string {
  return errorChain(error).map(internalMessageOf).join(': ');
}

function internalMessageOf(link: unknown): string {
  if (link instanceof Fault) return link.internalMessage;
  return link instanceof Error ? link.message : String(link);
}
