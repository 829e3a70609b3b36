import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { Logger } from '../lib/logger.ts';

const WARNING_PAUSE_MS = 60_000;

type ExportResult = Parameters<Parameters<SpanExporter['export']>[1]>[0];

/** An exporter that tells the log, once a minute at most, when the collector takes nothing. */
export class WatchedExporter implements SpanExporter {
  readonly #inner: SpanExporter;
  readonly #log: Logger;
  #quietUntil = Number.NEGATIVE_INFINITY;

  constructor(inner: SpanExporter, log: Logger) {
    this.#inner = inner;
    this.#log = log;
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#inner.export(spans, (result) => {
      if (result.error !== undefined && performance.now() >= this.#quietUntil) {
        this.#quietUntil = performance.now() + WARNING_PAUSE_MS;
        this.#log.warn({ err: result.error, spans: spans.length }, 'spans could not be exported');
      }
      done(result);
    });
  }

  shutdown(): Promise<void> {
    return this.#inner.shutdown();
  }

  forceFlush(): Promise<void> {
    return this.#inner.forceFlush?.() ?? Promise.resolve();
  }
}
