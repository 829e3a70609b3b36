import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';

export interface TcpProxy {
  readonly port: number;
  /** Cuts every connection and refuses new ones, as a server that died. */
  cut(): void;
  /** Holds every byte for so long on its way, in both directions. Infinity is a network that is parted. */
  slow(delayMs: number): void;
  /** Lets everything through again, first of all what was held. */
  restore(): void;
  close(): Promise<void>;
}

/** A proxy in front of a server, so that a test can take the server away without stopping it for others. */
export async function startTcpProxy(target: {
  readonly host: string;
  readonly port: number;
}): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const lanes = new Set<Lane>();
  let open = true;
  let delayMs = 0;
  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // A cut connection fails on both sides; that is what the test wants to happen.
    socket.on('error', () => socket.destroy());
  };
  const carry = (from: Socket, to: Socket): void => {
    const lane = new Lane(to, () => delayMs);
    lanes.add(lane);
    from.on('data', (chunk: Buffer) => lane.push(chunk));
    from.once('close', () => {
      lanes.delete(lane);
      lane.close();
    });
  };
  const server = createServer((client) => {
    track(client);
    if (!open) {
      client.destroy();
      return;
    }
    const upstream = connect(target);
    track(upstream);
    carry(client, upstream);
    carry(upstream, client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const slow = (ms: number): void => {
    delayMs = ms;
    for (const lane of lanes) lane.pump();
  };
  const cut = (): void => {
    open = false;
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    slow,
    restore: () => {
      open = true;
      slow(0);
    },
    close: () => {
      cut();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** One direction of a connection: what comes first leaves first, each chunk after the delay of the moment. */
class Lane {
  readonly #to: Socket;
  readonly #delayMs: () => number;
  readonly #held: { readonly chunk: Buffer; readonly since: number }[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(to: Socket, delayMs: () => number) {
    this.#to = to;
    this.#delayMs = delayMs;
  }

  push(chunk: Buffer): void {
    this.#held.push({ chunk, since: performance.now() });
    this.pump();
  }

  /** Passes on what has waited long enough. */
  pump(): void {
    clearTimeout(this.#timer);
    for (let first = this.#held[0]; first !== undefined; first = this.#held[0]) {
      const leftMs = first.since + this.#delayMs() - performance.now();
      if (leftMs > 0) {
        if (leftMs !== Number.POSITIVE_INFINITY) {
          this.#timer = setTimeout(() => this.pump(), Math.ceil(leftMs)).unref();
        }
        return;
      }
      this.#held.shift();
      this.#to.write(first.chunk);
    }
  }

  /** The sender is gone, and with it what is still on its way. */
  close(): void {
    clearTimeout(this.#timer);
    this.#held.length = 0;
    this.#to.destroySoon();
  }
}
