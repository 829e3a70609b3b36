// The ClickHouse engine in this process comes as an optional package of some 500 MB: it is loaded only when it is asked
// for, and may be absent.

/** What this service uses of the package `chdb`. */
export type ChdbPackage = Pick<typeof import('chdb'), 'Session' | 'drainPending'>;
export type ChdbEngineSession = InstanceType<ChdbPackage['Session']>;

/**
 * Loads the package.
 *
 * @returns undefined when it is not installed, or has no engine for this platform.
 * @throws Error when it is there and cannot be loaded; the message says what to try.
 */
export async function loadChdb(): Promise<ChdbPackage | undefined> {
  try {
    const { Session, drainPending } = await import('chdb');
    return { Session, drainPending };
  } catch (error) {
    if (isAbsent(error)) return undefined;
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `the package chdb is installed but its engine cannot be loaded (${reason}); ` +
        'reinstall it with "npm ci", or set clickhouse.url to a ClickHouse server, or to nothing for no analytics',
      { cause: error },
    );
  }
}

function isAbsent(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  if (error.code === 'CHDB_PLATFORM') return true;
  return error.code === 'ERR_MODULE_NOT_FOUND' && error.message.includes("'chdb'");
}
