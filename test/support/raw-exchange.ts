// One HTTP/1.1 exchange on a connection of its own, byte for byte: what a client library would tidy up stays as it is.
import { connect } from 'node:net';

/** How long a peer may stay silent before the exchange is given up, in milliseconds. */
const SILENCE_MS = 20_000;

/**
 * Sends the parts one after the other, each in a packet of its own, and yields all that comes back until the server
 * closes the connection.
 */
export function exchangeRaw(port: number, parts: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const chunks: Buffer[] = [];
    socket.setTimeout(SILENCE_MS, () => socket.destroy(new Error('the server neither answers nor closes')));
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // What was refused early may be cut off while the rest of it is still being sent; the answer is there.
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error);
    });
    const [first = '', ...rest] = parts;
    socket.write(Buffer.from(first, 'latin1'));
    const sendNext = (): void => {
      const part = rest.shift();
      if (part === undefined || socket.destroyed) return;
      socket.write(Buffer.from(part, 'latin1'), () => setImmediate(sendNext));
    };
    setImmediate(sendNext);
  });
}
