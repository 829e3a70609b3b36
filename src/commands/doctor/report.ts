import type { Style } from '../cli/colour.ts';
import { EXIT } from '../cli/exit-codes.ts';
import type { CheckResult, Status } from './check.ts';

export interface Report {
  /** The worst status of all checks. */
  readonly status: Exclude<Status, 'skipped'>;
  readonly version: string;
  /** RFC 3339, UTC. */
  readonly startedAt: string;
  readonly durationMs: number;
  /** Sorted by id. */
  readonly checks: readonly CheckResult[];
}

export function worstStatus(checks: readonly CheckResult[]): Report['status'] {
  if (checks.some(({ status }) => status === 'fail')) return 'fail';
  return checks.some(({ status }) => status === 'warn') ? 'warn' : 'ok';
}

const isMigrations = (id: string) => id.endsWith('.migrations');
const isConnectivity = (id: string) => id.endsWith('.connect') || id === 'server';

/** Source: DOC-3. */
export function exitCodeOf(checks: readonly CheckResult[], strict: boolean): number {
  const failed = checks.filter(({ status }) => status === 'fail').map(({ id }) => id);
  if (failed.includes('config')) return EXIT.config;
  if (failed.length > 0 && failed.every(isMigrations)) return EXIT.schema;
  if (failed.some(isConnectivity)) return EXIT.unreachable;
  if (failed.length > 0) return EXIT.failed;
  return strict && worstStatus(checks) === 'warn' ? EXIT.failed : EXIT.done;
}

function paint(style: Style, status: Status): string {
  const text = status.padEnd('skipped'.length);
  switch (status) {
    case 'ok':
      return style.green(text);
    case 'warn':
      return style.yellow(text);
    case 'fail':
      return style.red(text);
    case 'skipped':
      return style.dim(text);
  }
}

/** One line a check, the remedy under those that need one, a summary. */
export function reportTable(report: Report, style: Style): string {
  const idWidth = Math.max(0, ...report.checks.map(({ id }) => id.length));
  const lines = report.checks.flatMap((check) => {
    const latency = check.latencyMs === null ? '' : `${check.latencyMs.toFixed(1)} ms`;
    const line = `${paint(style, check.status)}  ${check.id.padEnd(idWidth)}  ${latency.padStart(10)}  ${check.detail}`;
    return check.remedy === undefined ? [line] : [line, `${' '.repeat(idWidth + 23)}→ ${check.remedy}`];
  });
  const count = (status: Status) => report.checks.filter((check) => check.status === status).length;
  const summary = (['ok', 'warn', 'fail', 'skipped'] as const).map((status) => `${count(status)} ${status}`);
  return [
    ...lines,
    '',
    `${style.bold(report.status)}: ${summary.join(', ')} in ${report.durationMs} ms`,
  ].join('\n');
}
