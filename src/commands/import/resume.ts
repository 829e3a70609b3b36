// Where an import goes on: at the start, or behind what an earlier run of the same import has done.
import { sha256Hex } from '../../lib/hash.ts';
import type { Output } from '../cli/output.ts';
import type { ImportFlags } from './import-flags.ts';
import { digestOf, type Input } from './input.ts';
import { type JournalState, journalPath, loadJournal, NOTHING_DONE } from './journal.ts';

export interface Resumption {
  /** Where the journal is kept; undefined when the input cannot be read again. */
  readonly journal: { readonly path: string; readonly identity: string } | undefined;
  readonly start: JournalState;
}

/**
 * Finds out where to begin, and says so when that is not the first row.
 *
 * @throws CliError when the journal cannot be read
 */
export async function resumption(
  input: Input,
  { apiUrl, cwd }: { readonly apiUrl: string; readonly cwd: string },
  options: ImportFlags,
  output: Output,
): Promise<Resumption> {
  if (input.file === undefined) {
    output.note(`${input.name} can be read once only: an interrupted import begins again from its first row`);
    return { journal: undefined, start: NOTHING_DONE };
  }
  const path = journalPath(input.file.path, cwd, options.state);
  const journal = { path, identity: await identityOf(input, apiUrl, options) };
  const found = await loadJournal(path, journal.identity);
  if (found === 'other') {
    output.note(`${path} is of another import, or the file has changed: beginning with the first row`);
  }
  if (found === undefined || found === 'other') return { journal, start: NOTHING_DONE };
  output.note(`going on with an interrupted import; rows done: ${found.totals.rows}`);
  return { journal, start: found };
}

/** Imports are the same when the same rows, read in the same way, go to the same place. */
async function identityOf(input: Input, apiUrl: string, options: ImportFlags): Promise<string> {
  const { api, migration, format, map } = options;
  return sha256Hex(JSON.stringify([apiUrl, api, migration, format, map, await digestOf(input)]));
}
