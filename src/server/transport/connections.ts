import type { Http2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { Listener } from './listener.ts';

/** The open connections of a listener, so that a stopping server can let go of them in an orderly way. */
export class Connections {
  readonly #listener: Listener;
  readonly #sockets = new Set<Socket>();
  readonly #sessions = new Set<Http2Session>();

  constructor(listener: Listener) {
    this.#listener = listener;
    listener.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    listener.on('session', (session: Http2Session) => {
      this.#sessions.add(session);
      session.once('close', () => this.#sessions.delete(session));
    });
  }

  /** Closes connections between two requests and tells HTTP/2 clients to open no more streams. */
  closeIdle(): void {
    if ('closeIdleConnections' in this.#listener) this.#listener.closeIdleConnections();
    for (const session of this.#sessions) session.close();
  }

  /** Cuts whatever is left. */
  destroyAll(): void {
    for (const session of this.#sessions) session.destroy();
    for (const socket of this.#sockets) socket.destroy();
  }
}
