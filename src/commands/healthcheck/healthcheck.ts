import { type Command, Option } from 'commander';
import { CliError } from '../cli/cli-error.ts';
import type { CliContext } from '../cli/context.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { sendRequest } from '../cli/http.ts';
import { annotate } from '../cli/notes.ts';
import { duration } from '../cli/values.ts';

const DEFAULT_PORT = '7070';

export function register(program: Command, cli: CliContext): void {
  const healthcheck = program
    .command('healthcheck')
    .description('ask a server whether it is ready; for container health checks')
    .argument('[url]', 'address to ask', undefined)
    .addOption(
      new Option('--timeout <duration>', 'how long to wait for the answer')
        .argParser(duration)
        .default(3000, '3s'),
    );
  annotate(healthcheck, {
    remarks:
      'Without a URL it asks http://127.0.0.1:$UNKEY_HTTP_PORT/health/ready (port 7070 when unset). Prints nothing with --quiet.',
    examples: [
      ['unkey healthcheck', 'the server on this machine'],
      ['unkey healthcheck http://api:7070/health/ready --timeout 1s', 'another one, with less patience'],
    ],
    exitCodes: [
      ['0', 'answered 200'],
      ['1', 'anything else'],
    ],
    onlyZeroOrOne: true,
  });
  healthcheck.action(
    cli.action<{ timeout: number }, [string | undefined]>(async ({ io, options, args, output, signal }) => {
      const url = args[0] ?? `http://127.0.0.1:${io.env.UNKEY_HTTP_PORT || DEFAULT_PORT}/health/ready`;
      const failure = await problemWith(url, options.timeout, signal);
      if (failure === undefined) {
        if (!output.quiet) output.result({ healthy: true, url }, () => `healthy: ${url}`);
        return EXIT.done;
      }
      if (output.quiet) return EXIT.failed;
      throw new CliError({
        exitCode: EXIT.failed,
        code: 'unhealthy',
        title: 'unhealthy',
        detail: `${url} ${failure}`,
      });
    }),
  );
}

/** What is wrong with the answer, undefined when it is exactly 200. */
async function problemWith(url: string, timeoutMs: number, signal: AbortSignal): Promise<string | undefined> {
  try {
    const { status } = await sendRequest(url, { timeoutMs, signal });
    return status === 200 ? undefined : `answered ${status}`;
  } catch (error) {
    return `could not be reached: ${error instanceof Error ? error.message : String(error)}`;
  }
}
