import { Fault } from '../lib/fault.ts';

/** A request that fits its schema but breaks a rule; `detail` is told to the caller. */
export function invalidInput(detail: string): Fault {
  return new Fault('unkey:application:invalid_input', { public: detail });
}
