import type { AddressInfo } from 'node:net';
import type { Listener } from './listener.ts';

/** The address cannot be bound; the message names it and, where there is one, the reason. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly port: number;

  constructor(host: string | undefined, port: number, cause: NodeJS.ErrnoException) {
    const reason = cause.code === 'EADDRINUSE' ? 'it is already in use' : cause.message;
    super(`cannot listen on port ${port}${host === undefined ? '' : ` of ${host}`}: ${reason}`, { cause });
    this.port = port;
  }
}

const WILDCARDS: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '[::1]' };

/** Binds the listener. Yields the port and an address under which this machine reaches it. Throws a ListenError. */
export async function listen(
  listener: Listener,
  host: string,
  port: number,
  scheme: 'http' | 'https',
): Promise<{ url: string; port: number }> {
  await new Promise<void>((resolve, reject) => {
    const refuse = (error: Error): void => reject(new ListenError(host, port, error));
    listener.once('error', refuse);
    listener.listen(port, host, () => {
      listener.off('error', refuse);
      resolve();
    });
  });
  const bound = (listener.address() as AddressInfo).port;
  const name = WILDCARDS[host] ?? (host.includes(':') ? `[${host}]` : host);
  return { url: `${scheme}://${name}:${bound}`, port: bound };
}
