import type { Totals } from './totals.ts';

const BAR_CELLS = 20;

export interface Advance {
  readonly totals: Totals;
  /** Rows that this run has done. */
  readonly rowsNow: number;
  /** How long this run takes already, in milliseconds. */
  readonly elapsedMs: number;
  /** Bytes that have been read. */
  readonly read: number;
  /** Bytes of the input; undefined for a stream. */
  readonly size: number | undefined;
  /** Bytes that had been read when this run reached rows of its own. */
  readonly readBefore: number;
}

/** `[########------------] 40%  40000 rows  5 failed  8000 rows/s  7s left` */
export function progressLine(advance: Advance): string {
  const { totals, rowsNow, elapsedMs } = advance;
  const perSecond = elapsedMs > 0 ? Math.round((rowsNow * 1000) / elapsedMs) : 0;
  return [
    ...barOf(advance),
    `${totals.rows} rows`,
    ...(totals.alreadyThere > 0 ? [`${totals.alreadyThere} already there`] : []),
    ...(totals.failed > 0 ? [`${totals.failed} failed`] : []),
    ...(perSecond > 0 ? [`${perSecond} rows/s`] : []),
    ...remaining(advance),
  ].join('  ');
}

function barOf({ read, size }: Advance): string[] {
  if (size === undefined || size === 0) return [];
  const share = Math.min(read / size, 1);
  const full = Math.floor(share * BAR_CELLS);
  return [`[${'#'.repeat(full)}${'-'.repeat(BAR_CELLS - full)}] ${Math.floor(share * 100)}%`];
}

function remaining({ read, size, readBefore, elapsedMs }: Advance): string[] {
  if (size === undefined || read <= readBefore || elapsedMs <= 0) return [];
  return [`${wholeTime((Math.max(size - read, 0) / (read - readBefore)) * elapsedMs)} left`];
}

/** `7s`, `2m5s`, `1h2m`. */
function wholeTime(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes}m${seconds % 60}s` : `${Math.floor(minutes / 60)}h${minutes % 60}m`;
}
