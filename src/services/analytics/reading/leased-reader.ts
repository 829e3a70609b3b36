import type { Logger } from '../../../lib/logger.ts';
import type { WorkspaceReader } from '../../../storage/analytics/analytics-store.ts';
import type { WorkspaceSettings } from './workspace-settings.ts';

/** A reader that several requests share and that closes when it is retired and the last of them is done with it. */
export class LeasedReader<Reader extends WorkspaceReader> {
  readonly reader: Reader;
  /** What the workspace's settings were when it was opened. */
  readonly openedWith: WorkspaceSettings;
  readonly #log: Logger;
  readonly #closed = Promise.withResolvers<void>();
  #users = 0;
  #retired = false;

  constructor(reader: Reader, openedWith: WorkspaceSettings, log: Logger) {
    this.reader = reader;
    this.openedWith = openedWith;
    this.#log = log;
  }

  /** Keeps it open until `release` is called as often; false when it is retired. */
  lease(): boolean {
    if (this.#retired) return false;
    this.#users++;
    return true;
  }

  release(): void {
    this.#users--;
    this.#closeUnused();
  }

  /** Lends it to nobody any more; resolves when it is closed. Harmless when repeated. */
  retire(): Promise<void> {
    if (!this.#retired) {
      this.#retired = true;
      this.#closeUnused();
    }
    return this.#closed.promise;
  }

  #closeUnused(): void {
    if (this.#retired && this.#users === 0) void this.#close();
  }

  async #close(): Promise<void> {
    try {
      await this.reader.close();
    } catch (error) {
      this.#log.warn({ err: error }, 'an analytics connection did not close');
    } finally {
      this.#closed.resolve();
    }
  }
}
