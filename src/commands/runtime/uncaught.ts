/**
 * Calls back on every error that nobody caught, outside any request; the process then lives on, and the listener has to
 * end it. Returns what listens no more.
 */
export function onUncaught(listener: (error: unknown) => void): () => void {
  process.on('uncaughtException', listener);
  process.on('unhandledRejection', listener);
  return () => {
    process.off('uncaughtException', listener);
    process.off('unhandledRejection', listener);
  };
}
