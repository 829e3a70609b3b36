/** The work took longer than it was given. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

/**
 * The outcome of `work`, unless it takes longer than `timeoutMs` milliseconds of real time. The work itself is not
 * stopped; what becomes of it after the deadline is nobody's business any more.
 * @throws DeadlineError when time is up
 */
export async function withDeadline<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new DeadlineError(`no answer within ${timeoutMs} ms`)), timeoutMs);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
