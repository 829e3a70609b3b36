import type { ErrorCode } from '../../lib/error-codes.ts';
import { errorTypeUrl } from '../../lib/error-codes.ts';
import { errorRendering } from '../error-catalogue.ts';
import type { Reply } from './exchange.ts';
import { JSON_TYPE } from './reply.ts';

/** One complaint about the request's shape, as `error.errors[]` carries it. */
export interface InputError {
  readonly location: string;
  readonly message: string;
  readonly fix?: string;
}

export interface ErrorReplyOptions {
  readonly detail: string;
  readonly errors?: readonly InputError[];
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
