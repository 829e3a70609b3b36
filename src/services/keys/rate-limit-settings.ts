/** A rate limit as a request sets it. */
export interface RateLimitSetting {
  readonly name: string;
  readonly limit: number;
  /** Milliseconds. */
  readonly duration: number;
  readonly autoApply: boolean;
}

/** One setting per name (exact compare): in the place of the first of that name, with the values of the last. */
export function distinctLimits(settings: readonly RateLimitSetting[]): RateLimitSetting[] {
  const byName = new Map<string, RateLimitSetting>();
  for (const setting of settings) byName.set(setting.name, setting);
  return [...byName.values()];
}
