import { type ErrorCode, errorTypeUrl } from '../../lib/error-codes.ts';
import { errorRendering } from '../error-catalogue.ts';
import type { Violation } from '../validation/violations.ts';
import type { Reply } from './exchange.ts';
import { JSON_TYPE } from './reply.ts';

export interface ErrorReplyOptions {
  readonly detail: string;
  readonly errors?: readonly Violation[];
  /** `application/json` unless content negotiation chose otherwise. */
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The error envelope of a code. Nothing else builds one. */
export function errorReply(requestId: string, code: ErrorCode, options: ErrorReplyOptions): Reply {
  const { status, title, listsErrors } = errorRendering(code);
  return {
    status,
    contentType: options.contentType ?? JSON_TYPE,
    body: JSON.stringify({
      meta: { requestId },
      error: {
        title,
        detail: options.detail,
        status,
        type: errorTypeUrl(code),
        errors: listsErrors ? (options.errors ?? []) : undefined,
      },
    }),
    headers: options.headers,
  };
}
