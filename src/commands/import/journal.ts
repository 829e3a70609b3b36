// What an import has done so far, in a file beside its input, so that an interrupted one goes on where it stopped. Losing
// the file costs time only: the server imports no hash twice.
import { open, readFile, rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isObject } from '../../lib/json.ts';
import { CliError } from '../cli/cli-error.ts';
import { EXIT } from '../cli/exit-codes.ts';
import type { ReportMark } from './failure-report.ts';
import { fileFailure } from './file-failure.ts';
import { NO_ROWS, type Totals } from './totals.ts';

const VERSION = 1;

/** Numbers of the first and the last of consecutive rows. */
type Span = readonly [first: number, last: number];

export interface JournalState {
  /** Rows that are done, ascending, no two spans touching. */
  readonly done: readonly Span[];
  readonly totals: Totals;
  /** How far the failure report tells of these rows; undefined when there is none. */
  readonly reported?: ReportMark | undefined;
}

const SUFFIX = '.unkey-import';

/** Where the journal of an input is kept: beside it, unless `--state` says where. */
export function journalPath(input: string, cwd: string, state: string | undefined): string {
  return state === undefined ? `${input}${SUFFIX}` : resolve(cwd, state);
}

export const NOTHING_DONE: JournalState = { done: [], totals: NO_ROWS };

export function isDone({ done }: JournalState, row: number): boolean {
  return done.some(([first, last]) => first <= row && row <= last);
}

/** The state with these rows done too. */
export function withDone(
  state: JournalState,
  first: number,
  last: number,
  now: Omit<JournalState, 'done'>,
): JournalState {
  const done: Span[] = [];
  for (const span of [...state.done, [first, last] as const].sort((a, b) => a[0] - b[0])) {
    const before = done.at(-1);
    if (before !== undefined && before[1] + 1 >= span[0]) {
      done[done.length - 1] = [before[0], Math.max(before[1], span[1])];
    } else done.push(span);
  }
  return { done, ...now };
}

/**
 * The state that the file holds for this import; undefined when there is no file, or it tells of another import.
 *
 * @param identity tells apart imports of different input or to different places
 * @throws CliError when the file is there and cannot be used
 */
export async function loadJournal(
  path: string,
  identity: string,
): Promise<JournalState | 'other' | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw fileFailure('state file', path, error);
  }
  const saved = parseSaved(text, path);
  return saved.identity === identity ? saved.state : 'other';
}

interface Saved {
  readonly version: typeof VERSION;
  readonly identity: string;
  readonly state: JournalState;
}

function parseSaved(text: string, path: string): Saved {
  try {
    const saved: unknown = JSON.parse(text);
    if (isSaved(saved)) return saved;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new CliError({
    exitCode: EXIT.failed,
    code: 'state_unusable',
    title: 'state file unusable',
    detail: `${path} is no state of an import, or one of another version`,
    hint: 'name another file with --state, or remove this one: keys that are there already are not imported twice',
  });
}

function isSaved(saved: unknown): saved is Saved {
  return (
    isObject(saved) &&
    saved.version === VERSION &&
    typeof saved.identity === 'string' &&
    isObject(saved.state) &&
    Array.isArray(saved.state.done) &&
    isObject(saved.state.totals)
  );
}

/** Replaces the file, which its owner alone can read. @throws CliError when it cannot be written */
export async function saveJournal(path: string, identity: string, state: JournalState): Promise<void> {
  const saved: Saved = { version: VERSION, identity, state };
  // Of this process alone: a second run of the same import must not take it away.
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const handle = await open(temporary, 'w', 0o600);
    try {
      await handle.writeFile(`${JSON.stringify(saved)}\n`);
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    throw fileFailure('state file', path, error);
  }
}

/** Removes the file, if there is one. */
export async function removeJournal(path: string): Promise<void> {
  await rm(path, { force: true });
}
