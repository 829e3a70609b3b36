import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { Clock } from '../../lib/clock.ts';
import type { Fault } from '../../lib/fault.ts';
import type { MaybePromise } from '../../lib/maybe-promise.ts';
import type { RequestScope } from '../../lib/request-scope.ts';
import type { ClientInfo, Principal } from '../../services/auth/principal.ts';

// One request and what the stages learn about it on the way in. The stages are composed once per endpoint, so a
// request costs no closure of its own; whatever most requests never ask for (signal, client address) is made on demand.

/** Node's request; an HTTP/2 one looks alike and has its stream beside. */
export type HttpRequest = IncomingMessage & { readonly stream?: ServerHttp2Stream };
/** Node's response; the HTTP/2 one takes the same calls. */
export type HttpResponse = ServerResponse;

/** What goes back: complete, so that every stage on the way out can look at it. */
export interface Reply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Buffer;
  /** Further headers of this reply alone. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers at once or later, throws or rejects: what most requests need is in memory, and takes no promise. */
export type Handler = (exchange: Exchange) => MaybePromise<Reply>;

/** A routed method and path, with the names under which logs, metrics and spans know it. */
export interface Endpoint {
  readonly method: 'GET' | 'POST';
  /** The route template. */
  readonly path: string;
  /** `POST /v2/keys.verifyKey`. */
  readonly name: string;
}

/** One layer of the onion: wraps the handler further in. Called once per endpoint, at start-up. */
export type Stage = (next: Handler, endpoint: Endpoint) => Handler;

/** Looks at an exchange that is answered. It neither changes the reply nor waits for anything. */
export type Observer = (exchange: Exchange, reply: Reply) => void;

/** Composes stages, outermost first, around the innermost handler. */
export function composeStages(stages: readonly Stage[], endpoint: Endpoint, innermost: Handler): Handler {
  return stages.reduceRight((next, stage) => stage(next, endpoint), innermost);
}

/**
 * The client's address (spec: client address and agent). `peerAddress` is the other end of the connection, empty when
 * unknown.
 */
export type ClientAddressResolver = (request: HttpRequest, peerAddress: string) => string;

/** What every exchange needs of the server around it. */
export interface ExchangeHost {
  readonly clock: Clock;
  readonly clientAddress: ClientAddressResolver;
}

const NO_BODY = Buffer.alloc(0);

/** Why a signal fired: named like the error of AbortSignal.timeout, so that downstream libraries treat it alike. */
function deadlineError(): DOMException {
  return new DOMException('the request ran into its deadline', 'TimeoutError');
}

export class Exchange implements RequestScope {
  readonly request: HttpRequest;
  readonly response: HttpResponse;
  readonly endpoint: Endpoint;
  readonly requestId: string;
  /** Unix milliseconds by the injected clock. */
  readonly receivedAt: number;
  /** Reading of the monotonic clock, for durations. */
  readonly started: number = performance.now();
  readonly timings: string[] = [];
  body: Buffer = NO_BODY;
  /** Set when the body could not be read; reported in the place of everything that comes after. */
  bodyFault: Fault | undefined;
  /** The parsed body, once validated. */
  input: unknown;
  /** Typed decoding of the input, to be run behind authentication; yields what it refuses. */
  binding: { bind(): string | undefined } | undefined;
  principal: Principal | undefined;
  /** Cleared when the caller declined analytics rows and the operation honours that. */
  recordEvents = true;
  /** Headers that a stage adds whatever the outcome, such as RateLimit-*. */
  headers: Record<string, string> | undefined;
  /** What error translation turned into the reply. */
  error: unknown;

  readonly #host: ExchangeHost;
  /** Read at once: a closed connection does not tell any more who it was. */
  readonly #peerAddress: string;
  #client: ClientInfo | undefined;
  #controller: AbortController | undefined;
  #deadline = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    host: ExchangeHost,
    endpoint: Endpoint,
    requestId: string,
    request: HttpRequest,
    response: HttpResponse,
  ) {
    this.#host = host;
    this.#peerAddress = request.socket.remoteAddress ?? '';
    this.endpoint = endpoint;
    this.requestId = requestId;
    this.request = request;
    this.response = response;
    this.receivedAt = host.clock.now();
  }

  get route(): string {
    return this.endpoint.name;
  }

  get client(): ClientInfo {
    this.#client ??= {
      ip: this.#host.clientAddress(this.request, this.#peerAddress),
      userAgent: this.request.headers['user-agent'] ?? '',
    };
    return this.#client;
  }

  /** Aborted when the client is gone or the deadline has passed. Costs a timer and a listener from the first use on. */
  get signal(): AbortSignal {
    if (this.#controller !== undefined) return this.#controller.signal;
    const controller = new AbortController();
    this.#controller = controller;
    if (this.clientGone) {
      controller.abort(new DOMException('the client is gone', 'AbortError'));
    } else if (this.deadlinePassed) {
      controller.abort(deadlineError());
    } else {
      this.response.once('close', () => {
        if (this.clientGone) controller.abort(new DOMException('the client is gone', 'AbortError'));
      });
      if (this.#deadline !== Number.POSITIVE_INFINITY) {
        this.#timer = setTimeout(() => controller.abort(deadlineError()), this.#deadline - performance.now());
      }
    }
    return controller.signal;
  }

  /** Milliseconds since the request was routed. */
  elapsed(): number {
    return performance.now() - this.started;
  }

  startDeadline(milliseconds: number): void {
    this.#deadline = performance.now() + milliseconds;
  }

  /** The timer may go; the verdict of `deadlinePassed` stays. */
  stopDeadline(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
  }

  get remainingMs(): number | undefined {
    if (this.#deadline === Number.POSITIVE_INFINITY) return undefined;
    return Math.max(0, this.#deadline - performance.now());
  }

  get deadlinePassed(): boolean {
    return performance.now() >= this.#deadline;
  }

  /** True when the connection (or HTTP/2 stream) ended before the reply was written. */
  get clientGone(): boolean {
    if (this.response.writableEnded) return false;
    return this.request.stream?.destroyed ?? this.response.destroyed;
  }
}
