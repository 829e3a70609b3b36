import type { Random } from '../../test/support/prng.ts';
import type { LoadRequest } from '../exchange.ts';
import type { FaultLog } from '../faults/fault-log.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Violations } from '../violations.ts';

/** What every operation of the load works with. */
export interface LoadContext {
  readonly random: Random;
  readonly ledger: Ledger;
  readonly violations: Violations;
  readonly faults: FaultLog;
  /** The API that keys are made in. */
  readonly apiId: string;
  /** Keys that nobody changes. */
  readonly plainKeys: readonly string[];
  /** Keys with a limit that applies by itself. */
  readonly limitedKeys: readonly { readonly keyId: string; readonly key: string }[];
  /** How many processes answer for the node of that life. */
  processesOf(life: string): number;
}

/** Makes the next request of its kind; undefined when there is nothing yet that it could work on. */
export type Operation = (context: LoadContext) => LoadRequest | undefined;
