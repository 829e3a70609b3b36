import type { Format } from './input.ts';

/** The flags of `unkey import keys`. */
export interface ImportFlags extends Readonly<Record<string, unknown>> {
  readonly api: string;
  readonly migration: string;
  readonly format?: Format;
  /** `column=field` each. */
  readonly map?: readonly string[];
  readonly batchSize: number;
  readonly concurrency: number;
  /** Milliseconds for each answer. */
  readonly timeout: number;
  readonly failures?: string;
  readonly state?: string;
  readonly strict?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}
