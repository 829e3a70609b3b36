import { connect } from 'node:net';

/**
 * Tries a TCP connection and closes it again.
 * @param host a name or address; an IPv6 address may stand in brackets, as URLs have it
 * @throws Error when nobody accepts it before `signal` aborts
 */
export function tryConnection(host: string, port: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: host.replace(/^\[|\]$/g, ''), port });
    const settle = (error?: Error): void => {
      signal.removeEventListener('abort', giveUp);
      socket.destroy();
      if (error === undefined) resolve();
      else reject(error);
    };
    const giveUp = (): void => settle(new Error('no answer in time'));
    socket.once('connect', () => settle());
    socket.once('error', settle);
    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp);
  });
}
