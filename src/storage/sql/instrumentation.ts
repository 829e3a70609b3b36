// What is counted, timed and traced of each statement, on both dialects alike.
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Metrics } from '../../lib/metrics.ts';

export type StatementTarget = 'primary' | 'replica' | 'transaction';

export interface StatementInfo {
  /** The query's name. */
  readonly operation: string;
  /** The statement as written, with its placeholders. */
  readonly sql: string;
  readonly target: StatementTarget;
}

/** Told of every statement before it runs. */
export type StatementObserver = (info: StatementInfo) => void;

/** The label `operation` of the database series. */
type Step = 'query' | 'exec' | 'begin' | 'commit' | 'rollback';

const tracer = trace.getTracer('unkey/storage/sql');

const SPAN_NAME: Readonly<Record<Step, string>> = {
  query: 'QueryContext',
  exec: 'ExecContext',
  begin: 'Begin',
  commit: 'Tx.Commit',
  rollback: 'Tx.Rollback',
};

export interface Instrumentation {
  statement<T>(step: 'query' | 'exec', info: StatementInfo, work: () => Promise<T>): Promise<T>;
  /** A transaction's own steps. */
  step<T>(step: 'begin' | 'commit' | 'rollback', work: () => Promise<T>): Promise<T>;
}

export function createInstrumentation(metrics: Metrics, onStatement?: StatementObserver): Instrumentation {
  async function measure<T>(
    step: Step,
    replica: 'rw' | 'ro',
    name: string,
    attributes: Record<string, string>,
    work: () => Promise<T>,
  ) {
    const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes });
    const started = performance.now();
    let status = 'success';
    try {
      return await work();
    } catch (error) {
      status = 'error';
      span.setStatus({ code: SpanStatusCode.ERROR });
      metrics.count('unkey_database_operations_errors_total', { replica, operation: step });
      throw error;
    } finally {
      const labels = { replica, operation: step, status };
      metrics.count('unkey_database_operations_total', labels);
      metrics.observe(
        'unkey_database_operations_latency_seconds',
        labels,
        (performance.now() - started) / 1000,
      );
      span.end();
    }
  }

  return {
    statement: (step, info, work) => {
      onStatement?.(info);
      const name = info.target === 'transaction' ? `Tx.${SPAN_NAME[step]}` : SPAN_NAME[step];
      const attributes = { 'db.operation.name': info.operation };
      return measure(step, info.target === 'replica' ? 'ro' : 'rw', name, attributes, work);
    },
    step: (step, work) => measure(step, 'rw', SPAN_NAME[step], {}, work),
  };
}
