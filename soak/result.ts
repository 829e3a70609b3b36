import type { StruckFault } from './faults/fault-log.ts';
import type { RowFigures } from './invariants/analytics-rows.ts';
import type { Trend } from './invariants/flatness.ts';
import type { LimitFigures } from './invariants/limit-bounds.ts';
import type { OutcomeTable } from './load/driver.ts';
import type { Recovery } from './measure/recovery.ts';
import type { SampledProcess } from './measure/sampler.ts';
import type { Second } from './measure/timeline.ts';
import type { Verdict } from './violations.ts';

export type FaultResult = StruckFault & Recovery;

/** Everything that a soak found out; what `--json` writes. */
export interface SoakResult {
  readonly seed: string;
  /** Unix milliseconds. */
  readonly beganAt: number;
  readonly endedAt: number;
  readonly workers: readonly number[];
  /** Requests a second. */
  readonly rate: number;
  /** Requests a second that the stack could do; undefined when the rate was given. */
  readonly capacity: number | undefined;
  readonly outcomes: OutcomeTable;
  readonly overall: { readonly p50Ms: number | undefined; readonly p99Ms: number | undefined };
  readonly seconds: readonly Second[];
  readonly faults: readonly FaultResult[];
  readonly processes: readonly SampledProcess[];
  readonly trends: readonly Trend[];
  readonly limits: LimitFigures;
  readonly rows: readonly RowFigures[];
  readonly ledger: {
    readonly keys: number;
    /** Keys whose last change is in doubt. */
    readonly inDoubt: number;
    readonly accounts: number;
    readonly creditsGranted: number;
    readonly recoverable: number;
    readonly identities: number;
    readonly roles: number;
  };
  readonly verdicts: readonly Verdict[];
}

/** The verdicts that make the run fail. */
export function brokenOf({ verdicts }: SoakResult): Verdict[] {
  return verdicts.filter(({ broken }) => broken > 0);
}
