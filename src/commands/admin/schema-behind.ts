import { CliError } from '../cli/cli-error.ts';
import { EXIT } from '../cli/exit-codes.ts';

/** The refusal to work on a store that lacks these migrations; `hint` says how this caller gets them applied. */
export function schemaBehind(pending: readonly string[], hint: string): CliError {
  return new CliError({
    exitCode: EXIT.schema,
    code: 'schema_behind',
    title: 'schema behind',
    detail: `the database lacks ${pending.length} migration(s) that this version needs, the first is ${pending[0] ?? ''}`,
    hint,
  });
}
