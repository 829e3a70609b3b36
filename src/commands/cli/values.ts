// Parsers of flag values. Each throws InvalidArgumentError with what is wrong; commander names the flag.
import { InvalidArgumentError } from 'commander';
import { parseDuration } from '../../lib/duration.ts';

/** A parser of integers between `min` and `max`, both allowed. */
export function integer(min: number, max: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^[+-]?\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(
        max === Number.MAX_SAFE_INTEGER
          ? `It must be an integer of at least ${min}.`
          : `It must be an integer from ${min} to ${max}.`,
      );
    }
    return value;
  };
}

/** A Go-style duration (`500ms`, `1h30m`) as milliseconds. */
export function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError('It must be a duration such as 500ms, 30s or 1h30m.');
  return ms;
}

/** A comma-separated list: trimmed, empties dropped, repeats of the flag add up. */
export function list(text: string, previous: readonly string[] | undefined): string[] {
  const items = text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
  return [...(previous ?? []), ...items];
}
