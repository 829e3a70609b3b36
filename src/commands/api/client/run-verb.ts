import { maskSecrets } from '../../../config/redact.ts';
import { isObject } from '../../../lib/json.ts';
import type { Invocation } from '../../cli/context.ts';
import { EXIT } from '../../cli/exit-codes.ts';
import { packageVersion } from '../../cli/package.ts';
import { confirm } from '../../cli/prompt.ts';
import { type Envelope, readAnswer } from './answer.ts';
import { readConnection } from './connection.ts';
import { withStdinOnce } from './inputs.ts';
import { collectPages } from './pages.ts';
import { withoutSecrets } from './redact.ts';
import { requestBody } from './request-body.ts';
import { READ_TRIES, send } from './transport.ts';
import type { Verb } from './verb.ts';

/** The flags of every verb; those of the body are beside them. */
export interface VerbFlags extends Readonly<Record<string, unknown>> {
  readonly timeout: number;
  readonly retry?: boolean;
  readonly all?: boolean;
  readonly max?: number;
  readonly exitCode?: boolean;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

/**
 * Calls the operation of a verb once (or once a page) and prints what it answers.
 *
 * @returns the exit code: 1 when `--exit-code` was given and the answer says no
 * @throws CliError for a mistake on the line, a server that cannot be reached, and a request that it refuses
 */
export async function runVerb(verb: Verb, invocation: Invocation<VerbFlags>): Promise<number> {
  const { options, output, signal } = invocation;
  const { operation } = verb;
  const io = withStdinOnce(invocation.io);
  const body = await requestBody(io, verb, options);
  const needsKey = operation.auth !== 'public' && options.dryRun !== true;
  const connection = await readConnection(io, options, needsKey);
  for (const warning of connection.warnings) output.warn(warning);
  const url = `${connection.apiUrl}${operation.path}`;

  if (options.dryRun === true) {
    const planned = {
      method: operation.method,
      url: maskSecrets(url),
      body: withoutSecrets(body, verb.schema),
    };
    output.result(
      { dryRun: true, ...planned },
      () => `${planned.method} ${planned.url}\n\n${pretty(planned.body)}`,
    );
    return EXIT.done;
  }
  if (verb.deletes && io.stdin.isTTY) {
    await confirm(io, `${operation.summary}: ${pretty(body)}?`, options.yes ?? false, 'nothing was deleted');
  }

  const tool = `unkey-cli/${packageVersion()}`;
  const headers = {
    'content-type': 'application/json',
    'user-agent': tool,
    // A deployment records what asked for it.
    'x-unkey-client': tool,
    ...(connection.rootKey === undefined ? {} : { authorization: `Bearer ${connection.rootKey}` }),
  };
  const request = { method: operation.method, headers, timeoutMs: options.timeout, signal };
  const tries = verb.reads && options.retry !== false ? READ_TRIES : 1;
  const call = async (content: unknown): Promise<Envelope> => {
    const text = content === undefined ? {} : { body: JSON.stringify(content) };
    return readAnswer(await send(url, { ...request, ...text }, tries));
  };

  const started = performance.now();
  const follow = options.all === true || options.max !== undefined;
  const envelope =
    follow && isObject(body)
      ? await collectPages(
          body,
          { pageSize: pageSize(verb, body), max: options.max ?? Number.POSITIVE_INFINITY },
          call,
        )
      : await call(body);
  const took = goDuration(performance.now() - started);

  output.result(envelope, () => humanText(envelope, took));
  const { pagination } = envelope;
  if (output.format === 'human' && pagination?.hasMore === true) {
    output.note(`next cursor: ${pagination.cursor ?? ''}`);
  }
  return options.exitCode === true && !saysYes(verb, envelope) ? EXIT.failed : EXIT.done;
}

const pretty = (value: unknown) => JSON.stringify(value, undefined, 2);

function humanText({ meta, data }: Envelope, took: string): string {
  const head = `${meta.requestId} (took ${took})`;
  return data === undefined ? head : `${head}\n\n${pretty(data)}`;
}

function pageSize({ schema }: Verb, { limit }: Readonly<Record<string, unknown>>): number | undefined {
  return typeof limit === 'number' ? limit : schema?.properties?.limit?.maximum;
}

function saysYes({ verdict }: Verb, { data }: Envelope): boolean {
  return verdict !== undefined && isObject(data) && data[verdict] === true;
}

/** Rounded to a millisecond and written as the reference's runtime writes durations: `42ms`, `1.5s`, `1m2s`. */
function goDuration(ms: number): string {
  const rounded = Math.round(ms);
  if (rounded === 0) return '0s';
  if (rounded < 1000) return `${rounded}ms`;
  const minutes = Math.floor(rounded / 60_000);
  return `${minutes === 0 ? '' : `${minutes}m`}${(rounded % 60_000) / 1000}s`;
}
