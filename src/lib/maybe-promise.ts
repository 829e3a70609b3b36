/**
 * A value that is there already, or will be. What answers most calls from memory returns this: a promise for each of
 * them, awaited at every level of the way back, costs more than the look-up. Awaiting it is right in any case.
 */
export type MaybePromise<Value> = Value | Promise<Value>;
