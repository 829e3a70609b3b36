import Joi from 'joi';

/**
 * An integer that JSON carries exactly: whole, and at most 2^53 − 1 unless a smaller bound is given. Source: the
 * binding section of the HTTP contract.
 */
export function integer(min: number, max: number = Number.MAX_SAFE_INTEGER): Joi.NumberSchema {
  return Joi.number().integer().min(min).max(max);
}

/** An integer of an answer: an adopted database may hold larger ones than a request may send. */
export function anyInteger(): Joi.NumberSchema {
  return Joi.number().integer();
}

/** 1 January 2100, the latest expiry that a request may name. */
const LATEST_TIMESTAMP = 4_102_444_800_000;

/** Unix milliseconds from 1970 to 2100. */
export function timestamp(): Joi.NumberSchema {
  return integer(0, LATEST_TIMESTAMP).example(1767225600000);
}
