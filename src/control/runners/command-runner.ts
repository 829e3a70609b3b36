// Has an executable of the operator run deployments: one process a call, what to do as JSON on its standard input, its
// progress as lines on its standard output. The contract is documented in docs/control-plane.md.

import type { Logger } from '../../lib/logger.ts';
import { type ProcessLine, type ProcessOutcome, runProcess } from './process.ts';
import { readReport } from './reports.ts';
import { type Runner, type RunnerDeployment, RunnerError } from './runner.ts';

export interface CommandRunnerOptions {
  /** The executable and its arguments. */
  readonly command: readonly [string, ...string[]];
  /** Milliseconds that one call may take. */
  readonly timeoutMs: number;
  /** The environment of the executable. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
}

/** Of the contract; raised when a field changes its meaning. */
const CONTRACT_VERSION = 1;

type Action = 'build' | 'deploy' | 'stop' | 'route';

export function createCommandRunner(options: CommandRunnerOptions): Runner {
  const about = ({ id }: RunnerDeployment, action: Action) => ({ action, deployment: id });
  return {
    async build(deployment, { signal, variables }) {
      const call = { fields: about(deployment, 'build'), input: { deployment }, variables, signal };
      const { image } = await ask(options, call);
      if (image === undefined) throw new RunnerError('the build reported no image');
      return image;
    },
    async deploy(deployment, { signal, variables }) {
      await ask(options, { fields: about(deployment, 'deploy'), input: { deployment }, variables, signal });
    },
    async stop(deployment, { signal }) {
      await ask(options, { fields: about(deployment, 'stop'), input: { deployment }, signal });
    },
    async route(environment, routes, { signal }) {
      const fields = { action: 'route', environment: environment.id } as const;
      await ask(options, { fields, input: { environment, routes }, signal });
    },
  };
}

interface Call {
  /** What the log tells of it. */
  readonly fields: { readonly action: Action } & Readonly<Record<string, string>>;
  readonly input: Readonly<Record<string, unknown>>;
  readonly variables?: () => Promise<Readonly<Record<string, string>>>;
  readonly signal: AbortSignal;
}

/** Runs the executable once and yields what it reported last. @throws RunnerError when it failed */
async function ask(
  options: CommandRunnerOptions,
  call: Call,
): Promise<{ readonly image: string | undefined }> {
  const { fields, signal } = call;
  const variables = await call.variables?.();
  const mask = maskOf(Object.values(variables ?? {}));
  let image: string | undefined;
  let error: string | undefined;
  const onLine = ({ stream, text }: ProcessLine): void => {
    const report = stream === 'stdout' ? readReport(text) : { message: text };
    if (report.image !== undefined) image = report.image;
    if (report.error !== undefined) error = mask(report.error);
    const message = report.message ?? report.error;
    if (message !== undefined) options.log.info({ ...fields, stream }, `runner: ${mask(message)}`);
  };
  const outcome = await runProcess({
    command: options.command,
    env: options.env,
    input: JSON.stringify({
      version: CONTRACT_VERSION,
      action: fields.action,
      ...call.input,
      ...(variables === undefined ? {} : { variables }),
    }),
    timeoutMs: options.timeoutMs,
    signal,
    onLine,
  });
  signal.throwIfAborted();
  const failure = failureOf(outcome, error);
  if (failure === undefined) return { image };
  options.log.warn({ ...fields, ...outcome }, `runner failed: ${failure}`);
  throw new RunnerError(failure);
}

function failureOf(
  { code, killedBy, reason }: ProcessOutcome,
  error: string | undefined,
): string | undefined {
  if (reason === 'unstartable') return 'the runner could not be started';
  if (reason === 'timeout') return error ?? 'the runner took too long';
  if (code === 0) return undefined;
  return error ?? `the runner ended with ${code === null ? killedBy : `code ${code}`}`;
}

/** Shorter values would take everyday words out of the log, and are no secrets. */
const SHORTEST_SECRET = 4;

/** Takes the values of variables out of a text. */
function maskOf(values: readonly string[]): (text: string) => string {
  const secrets = values
    // As they may appear in one line: a value of several lines by parts, or as a text of JSON.
    .flatMap((value) => [value, ...value.split(/\r?\n/), JSON.stringify(value).slice(1, -1)])
    .filter(({ length }) => length >= SHORTEST_SECRET)
    .sort((a, b) => b.length - a.length);
  return (text) => secrets.reduce((masked, secret) => masked.replaceAll(secret, '***'), text);
}
