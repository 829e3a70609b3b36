// What callers are told when the control plane refuses or fails. Its own words stay in the log. Source: the tables of
// Connect codes in the analytics and platform chapters.

import { Fault } from '../../lib/fault.ts';
import { projectNotFound } from '../projects/project-faults.ts';
import { type ControlCode, ControlPlaneError } from './control-plane.ts';

/** Answers of one operation that differ from the general ones, by what the control plane said. */
export type ControlAnswers = Partial<Record<ControlCode, (cause: ControlPlaneError) => Fault>>;

const GENERAL: ControlAnswers = {
  not_found: projectNotFound,
  invalid_argument: (cause) =>
    new Fault('unkey:application:invalid_input', {
      public: 'The control plane does not accept this request.',
      cause,
    }),
};

/**
 * Runs a call of the control plane. Throws a Fault when it is refused or cannot be made: the one of `answers`, else
 * `project_not_found` for what it does not know, `invalid_input` for what it does not accept, and otherwise
 * `service_unavailable`. `purpose` goes to the log ("creating a deployment").
 */
export async function reportingControlFailure<T>(
  purpose: string,
  call: () => Promise<T>,
  answers: ControlAnswers = {},
): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof ControlPlaneError)) throw controlUnavailable(purpose, error);
    const answer = answers[error.code] ?? GENERAL[error.code];
    throw answer?.(error) ?? controlUnavailable(purpose, error);
  }
}

/** The answer when the control plane or its workflows failed; `purpose` and `cause` go to the log. */
export function controlUnavailable(purpose: string, cause: unknown): Fault {
  return new Fault('unkey:application:service_unavailable', {
    public: 'The control plane could not complete the request. Please try again.',
    internal: `${purpose} failed`,
    cause,
  });
}
