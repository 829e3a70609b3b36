import type { Integer } from '../../../lib/json.ts';
import type { Override } from '../../../services/ratelimit/override-matching.ts';

export interface OverrideView {
  readonly overrideId: string;
  readonly identifier: string;
  readonly limit: Integer;
  readonly duration: Integer;
}

/** An override as callers see it. */
export function overrideView({ id, identifier, limit, duration }: Override): OverrideView {
  return { overrideId: id, identifier, limit, duration };
}
