import type { AddressInfo, Server } from 'node:net';
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

/** Binds a server, on all interfaces when no host is named. Yields the port. Throws a ListenError. */
export async function bind(server: Server, port: number, host?: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    const refuse = (error: Error): void => reject(new ListenError(host, port, error));
    server.once('error', refuse);
    server.listen(port, host, () => {
      server.off('error', refuse);
      resolve();
    });
  });
  return (server.address() as AddressInfo).port;
}

/** Binds the listener. Yields the port and an address under which this machine reaches it. Throws a ListenError. */
export async function listen(
  listener: Listener,
  host: string,
  port: number,
  scheme: 'http' | 'https',
): Promise<{ url: string; port: number }> {
  const bound = await bind(listener, port, host);
  const name = WILDCARDS[host] ?? (host.includes(':') ? `[${host}]` : host);
  return { url: `${scheme}://${name}:${bound}`, port: bound };
}
