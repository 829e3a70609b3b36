// What goes wrong beside the answers: rejections that nobody handles, lines of log that tell of failures or of secrets.
import { Writable } from 'node:stream';
import type { Logger } from '../../../src/lib/logger.ts';
import { createLogger } from '../../../src/server/logging/logger.ts';

export class Watch {
  /** Everything noticed so far. */
  readonly complaints: string[] = [];
  /** Texts that no line may hold. */
  readonly secrets = new Set<string>();
  readonly log: Logger;
  readonly #onRejection = (reason: unknown): void => {
    this.complaints.push(`unhandled rejection: ${reason instanceof Error ? reason.stack : String(reason)}`);
  };

  constructor() {
    const destination = new Writable({
      write: (chunk, _encoding, done) => {
        this.#read(String(chunk));
        done();
      },
    });
    this.log = createLogger({ level: 'info', format: 'json', bindings: {}, destination });
    process.on('unhandledRejection', this.#onRejection);
  }

  #read(line: string): void {
    if (line.startsWith('{"level":"error"')) this.complaints.push(line);
    for (const secret of this.secrets) if (line.includes(secret)) this.complaints.push(`a secret in ${line}`);
  }

  stop(): void {
    process.off('unhandledRejection', this.#onRejection);
  }
}
