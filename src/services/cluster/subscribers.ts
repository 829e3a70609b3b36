import type { Logger } from '../../lib/logger.ts';

/** Hands each message to every handler, in the order of their subscription. */
export interface Subscribers<Message> {
  add(handler: (message: Message) => void): void;
  /** A handler that throws is logged and does not keep the others from the message. */
  deliver(message: Message): void;
  /** No handler hears anything any more. */
  clear(): void;
}

export function createSubscribers<Message>(log: Logger): Subscribers<Message> {
  const handlers: ((message: Message) => void)[] = [];
  return {
    add: (handler) => void handlers.push(handler),
    deliver(message) {
      for (const handler of handlers) {
        try {
          handler(message);
        } catch (error) {
          log.error({ err: error }, 'the handler of a cluster message failed');
        }
      }
    },
    clear() {
      handlers.length = 0;
    },
  };
}
