// One keep-alive connection that carries one request at a time.
import { connect, type Socket } from 'node:net';
import { type AnswerHead, readHead } from './answer.ts';

/** No answer of the API that is measured is longer, a list of 100 keys included. */
const BUFFER_BYTES = 1 << 18;

export interface Connection {
  /** Sends a request; `onAnswer` of the connection is called when its answer is complete. */
  send(request: Buffer): void;
  close(): void;
}

export interface ConnectionOptions {
  readonly host: string;
  readonly port: number;
  /** A text that every right answer holds. */
  readonly expected: Buffer;
  readonly onAnswer: (connection: Connection) => void;
  /** An answer that is not 200 or lacks the text, or a connection that broke. */
  readonly onFailure: (error: Error) => void;
}

/** Opens a connection; resolves when it stands. @throws Error when nobody listens */
export function openConnection(options: ConnectionOptions): Promise<Connection> {
  const { host, port, expected, onAnswer, onFailure } = options;
  return new Promise((resolve, reject) => {
    // All reads of one answer go into one buffer, behind each other: nothing is allocated for an answer.
    const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
    let filled = 0;
    let head: AnswerHead | undefined;
    let closing = false;

    const take = (bytes: number, chunk: Uint8Array): boolean => {
      if (filled + bytes > BUFFER_BYTES) {
        onFailure(new Error(`an answer of more than ${BUFFER_BYTES} bytes`));
        return false;
      }
      buffer.set(bytes === chunk.length ? chunk : chunk.subarray(0, bytes), filled);
      filled += bytes;
      head ??= readHead(buffer, 0, filled);
      if (head === undefined || filled < head.end) return true;
      const right = head.status === 200 && buffer.subarray(0, filled).includes(expected);
      if (!right) {
        onFailure(new Error(`the server answered ${buffer.toString('utf8', 0, Math.min(filled, 500))}`));
        return false;
      }
      filled = 0;
      head = undefined;
      onAnswer(connection);
      return true;
    };
    const readBuffer = Buffer.allocUnsafeSlow(1 << 16);
    const socket: Socket = connect({
      host,
      port,
      noDelay: true,
      onread: { buffer: readBuffer, callback: take },
    });
    const connection: Connection = {
      send: (request) => void socket.write(request),
      close() {
        closing = true;
        socket.destroy();
      },
    };
    socket.once('error', reject).once('connect', () => {
      socket.off('error', reject);
      socket.once('error', onFailure).once('close', () => {
        if (!closing) onFailure(new Error('the server closed a connection'));
      });
      resolve(connection);
    });
  });
}
