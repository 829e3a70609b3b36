import autocannon from 'autocannon';

export interface Load {
  readonly url: string;
  readonly path: string;
  readonly authorization: string;
  /** The body of the next request. */
  readonly nextBody: () => string;
  /** A text that every right answer holds. */
  readonly expected: string;
  readonly connections: number;
  /** How long to go on: seconds, or a number of requests. */
  readonly extent: { readonly seconds: number } | { readonly requests: number };
}

export interface Measured {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/**
 * Drives one server over keep-alive connections, one request at a time on each.
 *
 * @throws Error when any answer was not a right one: a benchmark of failures is worth nothing.
 */
export async function drive(load: Load): Promise<Measured> {
  const durations: number[] = [];
  const started = performance.now();
  let finished = started;
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const instance = autocannon(
      {
        url: load.url,
        connections: load.connections,
        ...('seconds' in load.extent ? { duration: load.extent.seconds } : { amount: load.extent.requests }),
        verifyBody: (body) => String(body).includes(load.expected),
        requests: [
          {
            method: 'POST',
            path: load.path,
            headers: { 'content-type': 'application/json', authorization: load.authorization },
            setupRequest: (request) => ({ ...request, body: load.nextBody() }),
          },
        ],
      },
      (error: unknown, done) => (error ? reject(error) : resolve(done)),
    );
    instance.on('response', (_client, _status, _bytes, milliseconds) => {
      durations.push(milliseconds);
      finished = performance.now();
    });
  });
  const wrong = result.non2xx + result.errors + result.timeouts + result.mismatches;
  if (wrong > 0 || durations.length === 0) {
    throw new Error(`${load.path}: ${wrong} of ${durations.length} answers were wrong`);
  }
  return measuredOf(durations, finished - started);
}

/** @param durations of all requests, in milliseconds. @param elapsedMs from the first request to the last answer */
export function measuredOf(durations: readonly number[], elapsedMs: number): Measured {
  const sorted = durations.toSorted((a, b) => a - b);
  return {
    requestsPerSecond: sorted.length / (elapsedMs / 1_000),
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
  };
}

/** @param sorted ascending, not empty. */
function quantile(sorted: readonly number[], fraction: number): number {
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))];
  if (value === undefined) throw new Error('no quantile of nothing');
  return value;
}
