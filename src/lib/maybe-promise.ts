/**
 * A value that is there already, or will be. What answers most calls from memory returns this: a promise at each level of
 * the way back, awaited there, costs more than the look-up. Awaiting it is right in any case.
 */
export type MaybePromise<Value> = Value | Promise<Value>;

/** What `next` makes of the value: at once if that is there, else when it is. What is thrown or rejected passes by. */
export function after<Value, Result>(
  value: MaybePromise<Value>,
  next: (value: Value) => MaybePromise<Result>,
): MaybePromise<Result> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/**
 * What `work` yields or, when that throws or rejects, what `failed` makes of it, which may throw itself: `catch` for what
 * is there at once or later.
 */
export function recover<Value>(
  work: () => MaybePromise<Value>,
  failed: (error: unknown) => MaybePromise<Value>,
): MaybePromise<Value> {
  let value: MaybePromise<Value>;
  try {
    value = work();
  } catch (error) {
    return failed(error);
  }
  return value instanceof Promise ? value.catch(failed) : value;
}
