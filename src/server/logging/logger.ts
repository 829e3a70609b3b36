import { isSpanContextValid, trace } from '@opentelemetry/api';
import pino from 'pino';
import { isColorSupported, PinoPretty } from 'pino-pretty';
import type { Logger } from '../../lib/logger.ts';
import { logfmtStream } from './logfmt.ts';
import { redaction } from './redaction.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFormat = 'json' | 'logfmt' | 'pretty';

export interface LoggerOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** What every line carries: service, instanceId, region, version, … */
  readonly bindings: Record<string, unknown>;
  /** Where lines go; standard error by default. */
  readonly destination?: NodeJS.WritableStream;
}

/** The process's logger. */
export interface ProcessLogger extends Logger {
  fatal(fields: object, message: string): void;
  /** Changes how much is logged from here on, children made later included. */
  setLevel(level: LogLevel): void;
  /** Writes out what is buffered; for the last moments of a process. */
  flush(): void;
}

/** Builds the logger: one line per event on standard error, `time` in ISO 8601, `level` by name, secrets replaced. */
export function createLogger({ level, format, bindings, destination }: LoggerOptions): ProcessLogger {
  const { sink, flush } =
    destination === undefined ? bufferedStderr() : { sink: destination, flush: () => undefined };
  const logger = pino(
    {
      level,
      base: bindings,
      mixin: traceOfThisMoment,
      redact: redaction,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    formatted(format, sink, destination === undefined && process.stderr.isTTY === true && isColorSupported),
  );
  return Object.assign(logger, {
    setLevel: (next: LogLevel): void => {
      logger.level = next;
    },
    flush,
  });
}

/** Standard error, written in the background. */
function bufferedStderr() {
  const stream = pino.destination({ dest: 2, sync: false });
  return { sink: stream, flush: (): void => stream.flushSync() };
}

/** Which trace a line belongs to, where tracing is on and a request is being served. */
function traceOfThisMoment(): object {
  const span = trace.getActiveSpan()?.spanContext();
  return span !== undefined && isSpanContextValid(span) ? { traceId: span.traceId } : {};
}

/** Facts that a person in front of a terminal knows already. */
const UNTOLD = 'service,instanceId,platform,region,version';

function formatted(
  format: LogFormat,
  sink: { write(line: string): unknown },
  colorize: boolean,
): pino.DestinationStream {
  if (format === 'logfmt') return logfmtStream(sink);
  if (format === 'json') return sink as pino.DestinationStream;
  return PinoPretty({ colorize, sync: true, ignore: UNTOLD, destination: sink as pino.DestinationStream });
}
