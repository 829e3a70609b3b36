// What a running server is told from outside besides to stop: to read its files again, and to log more.

export interface ProcessControls {
  /** Calls back when the server should re-read what it can re-read while it runs. */
  onReload(listener: () => void): void;
  /** Calls back with whether debug lines are wanted, each time that this changes. */
  onVerbosity(listener: (verbose: boolean) => void): void;
  /** Listens no more. */
  close(): void;
}

/** How long SIGUSR2 turns debug lines on; a second one ends it earlier. */
const VERBOSE_MS = 10 * 60_000;

/**
 * The controls of a process that is signalled itself: SIGHUP reloads, SIGUSR2 toggles debug lines for ten minutes.
 * Without `reloads`, SIGHUP is left alone and ends the process, as closing a terminal should.
 */
export function signalControls({ reloads }: { readonly reloads: boolean }): ProcessControls {
  let reload = (): void => undefined;
  let setVerbose = (_verbose: boolean): void => undefined;
  let quieten: NodeJS.Timeout | undefined;
  const onHangup = (): void => reload();
  const toggle = (): void => {
    const verbose = quieten === undefined;
    clearTimeout(quieten);
    quieten = verbose ? setTimeout(toggle, VERBOSE_MS).unref() : undefined;
    setVerbose(verbose);
  };
  if (reloads) process.on('SIGHUP', onHangup);
  process.on('SIGUSR2', toggle);
  return {
    onReload: (listener) => {
      reload = listener;
    },
    onVerbosity: (listener) => {
      setVerbose = listener;
    },
    close: () => {
      process.off('SIGHUP', onHangup);
      process.off('SIGUSR2', toggle);
      clearTimeout(quieten);
    },
  };
}
