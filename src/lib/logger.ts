/**
 * What the rooms below the server log with; pino satisfies it. Fields first, then the message.
 */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(bindings: Record<string, unknown>): Logger;
}

export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
};

/**
 * A child of `parent` that is made when it first has something to say: most requests never log, and a child costs more
 * than the check that decides it.
 */
export function lazyChild(parent: Logger, bindings: Record<string, unknown>): Logger {
  return new LazyChild(parent, bindings);
}

class LazyChild implements Logger {
  readonly #parent: Logger;
  readonly #bindings: Record<string, unknown>;
  #made: Logger | undefined;

  constructor(parent: Logger, bindings: Record<string, unknown>) {
    this.#parent = parent;
    this.#bindings = bindings;
  }

  debug(fields: object, message: string): void {
    this.#child.debug(fields, message);
  }

  info(fields: object, message: string): void {
    this.#child.info(fields, message);
  }

  warn(fields: object, message: string): void {
    this.#child.warn(fields, message);
  }

  error(fields: object, message: string): void {
    this.#child.error(fields, message);
  }

  child(further: Record<string, unknown>): Logger {
    return this.#child.child(further);
  }

  get #child(): Logger {
    this.#made ??= this.#parent.child(this.#bindings);
    return this.#made;
  }
}
