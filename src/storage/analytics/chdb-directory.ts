import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChdbPackage } from './chdb-package.ts';
import { ChdbSession, type EngineSettings, type KillStatement } from './chdb-session.ts';
import { stringLiteral } from './literals.ts';

/** The data directory of the engine, of which a process has one at a time and a directory one process. */
export interface ChdbDirectory {
  readonly path: string;
  /** @throws Error when the engine cannot use the directory; the message says what to try. */
  openSession(settings?: EngineSettings, database?: string): ChdbSession;
  /** Removes a temporary directory. To be called when its sessions are closed. */
  release(): Promise<void>;
}

/** Dates without a zone mean UTC on every machine. */
const EVERY_SESSION = { session_timezone: 'UTC' } as const;

/**
 * @param path created, when missing, with access for the owner alone; a temporary directory unless given.
 * @throws Error when the directory cannot be made.
 */
export function chdbDirectory(chdb: ChdbPackage, path?: string): ChdbDirectory {
  const home = path ?? mkdtempSync(join(tmpdir(), 'unkey-analytics-'));
  mkdirSync(home, { recursive: true, mode: 0o700 });
  // A session runs one statement at a time, so the order to end it comes from another one.
  let control: ChdbSession | undefined;
  const openSession = (own: EngineSettings = {}, database?: string): ChdbSession => {
    try {
      const settings = { ...EVERY_SESSION, ...own };
      return new ChdbSession({ chdb, directory: home, settings, database, kill });
    } catch (error) {
      throw new Error(openFailure(home, error), { cause: error });
    }
  };
  const kill: KillStatement = async (tag) => {
    control ??= openSession();
    const which = `Settings['log_comment'] = ${stringLiteral(tag)}`;
    await control.runToEnd(`KILL QUERY WHERE ${which} ASYNC`, { format: 'Null' });
  };

  return {
    path: home,
    openSession,
    async release() {
      await control?.close();
      await chdb.drainPending();
      if (path === undefined) await rm(home, { recursive: true, force: true });
    },
  };
}

function openFailure(directory: string, error: unknown): string {
  const holder = holderOf(directory);
  if (holder !== undefined) {
    return (
      `the analytics directory ${directory} is in use by process ${holder}: ` +
      'stop that process, or give each its own directory (clickhouse.url = "chdb:<directory>")'
    );
  }
  const reason = error instanceof Error ? error.message : String(error);
  return `cannot open the analytics directory ${directory}: ${reason}`;
}

/** The other process that has the directory open; undefined when none does. */
export function holderOf(directory: string): number | undefined {
  try {
    const pid = Number(/^PID: (\d+)/m.exec(readFileSync(join(directory, 'status'), 'utf8'))?.[1]);
    process.kill(pid, 0);
    return pid === process.pid ? undefined : pid;
  } catch {
    // No status file of the engine, or a process that is gone.
    return undefined;
  }
}
