import { maskSecrets } from '../../config/redact.ts';
import { type Check, type CheckResult, type Finding, fail, median } from './check.ts';

export interface RunOptions {
  /** For each check, in milliseconds. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const RUNS = 3;

/**
 * Runs every check, in parallel where none depends on another; measurements when the others are done. Children of a check that failed or was skipped are
 * skipped. Never rejects: a check that throws or takes too long has failed.
 */
export async function runChecks(checks: readonly Check[], options: RunOptions): Promise<CheckResult[]> {
  const results = new Map<string, Promise<CheckResult>>();
  const byId = new Map(checks.map((check) => [check.id, check]));
  const resultOf = (check: Check): Promise<CheckResult> => {
    let result = results.get(check.id);
    if (result === undefined) {
      const parent = check.parent === undefined ? undefined : byId.get(check.parent);
      result = runAfter(check, parent === undefined ? undefined : resultOf(parent), options);
      results.set(check.id, result);
    }
    return result;
  };
  await Promise.all(checks.filter(({ isMeasurement }) => !isMeasurement).map(resultOf));
  const finished = await Promise.all(checks.map(resultOf));
  return finished.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

async function runAfter(
  check: Check,
  parentResult: Promise<CheckResult> | undefined,
  options: RunOptions,
): Promise<CheckResult> {
  const parent = await parentResult;
  if (parent?.status === 'fail' || parent?.status === 'skipped') {
    const detail = parent.status === 'fail' ? `${parent.id} failed` : parent.detail;
    return { id: check.id, status: 'skipped', latencyMs: null, detail };
  }
  const deadline = AbortSignal.timeout(options.timeoutMs);
  const signal = AbortSignal.any([deadline, options.signal]);
  const times: number[] = [];
  let finding: Finding | undefined;
  for (let run = 0; run < RUNS; run++) {
    const start = performance.now();
    finding = await look(check, signal, options.timeoutMs);
    times.push(performance.now() - start);
    if (finding.status === 'fail' || finding.status === 'skipped' || signal.aborted) break;
  }
  return toResult(check.id, finding ?? fail('did not run', check.remedy), median(times));
}

/** One run of a check, ended by its deadline even if the check itself does not listen to the signal. */
async function look(check: Check, signal: AbortSignal, timeoutMs: number): Promise<Finding> {
  const ended = Promise.withResolvers<Finding>();
  const onAbort = () => ended.resolve(fail(`no answer within ${timeoutMs} ms`, check.remedy));
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([check.run(signal), ended.promise]);
  } catch (error) {
    return fail(messageOf(error), check.remedy);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map((each: unknown) => messageOf(each)).join('; ');
  }
  return error instanceof Error && error.message !== '' ? error.message : String(error);
}

const rounded = (ms: number) => Math.round(ms * 100) / 100;

function toResult(id: string, finding: Finding, measuredMs: number): CheckResult {
  if (finding.status === 'skipped') {
    return { id, status: 'skipped', latencyMs: null, detail: finding.detail };
  }
  return {
    id,
    status: finding.status,
    latencyMs: rounded(finding.latencyMs ?? measuredMs),
    detail: maskSecrets(finding.detail),
    ...(finding.version === undefined ? {} : { version: finding.version }),
    ...(finding.status === 'ok' ? {} : { remedy: maskSecrets(finding.remedy) }),
  };
}
