import { Option } from 'commander';
import { usageError } from '../cli/cli-error.ts';
import { addConfigOptions } from '../cli/config-options.ts';
import type { Register } from '../cli/context.ts';
import { annotate } from '../cli/notes.ts';
import { integer } from '../cli/values.ts';
import { unlessAborted, withStopSignals } from '../runtime/signals.ts';
import { registerGenerateMasterKey } from '../vault/generate-master-key.ts';

interface DevFlags {
  readonly port?: number;
  readonly host?: string;
  readonly insecure?: boolean;
  readonly dataDir?: string;
}

const DEFAULT_PORT = 7070;
/** Ctrl-C frees everything within 5 s, whatever a query still computes: the rest of them is for closing. */
const MAX_DRAIN_MS = 2_000;
const DEFAULT_HOST = '127.0.0.1';
const LOCAL_HOSTS: ReadonlySet<string> = new Set([DEFAULT_HOST, '::1', 'localhost']);

export const register: Register = (program, cli) => {
  const dev = annotate(
    program
      .command('dev')
      .description('run everything in one process, with nothing to install; not for production'),
    {
      examples: [
        ['unkey dev', 'state in memory, on http://127.0.0.1:7070'],
        ['unkey dev --data-dir ./data', 'state kept in ./data, the root key in ./data/root-key'],
        ['unkey dev --port 0 --json', 'a free port; one JSON line on stdout once it accepts requests'],
      ],
      exitCodes: [['0', 'stopped by a signal']],
    },
  );
  addConfigOptions(dev)
    .addOption(
      new Option('--port <port>', 'port to listen on, 0 picks a free one (default 7070)').argParser(
        integer(0, 65_535),
      ),
    )
    .addOption(
      new Option('--host <address>', 'address to listen on (default 127.0.0.1); others need --insecure'),
    )
    .addOption(new Option('--insecure', 'allow other machines to reach this server'))
    .addOption(new Option('--data-dir <directory>', 'keep state in this directory instead of memory'))
    .action(
      cli.action<DevFlags & Record<string, unknown>>(
        ({ io, output, options, loadConfig }) =>
          withStopSignals(io, async (stopSignals) => {
            const host = options.host ?? DEFAULT_HOST;
            if (!LOCAL_HOSTS.has(host) && options.insecure !== true) {
              throw usageError(
                `--host ${host} lets other machines in`,
                'Add --insecure if that is what you want',
              );
            }
            const { config, warnings } = await loadConfig({ profile: 'dev', flags: {} });
            const { runDev } = await unlessAborted(stopSignals.starting, import('./run-dev.ts'));
            return runDev({
              io,
              output,
              stopSignals,
              config: {
                ...config,
                httpPort: options.port ?? DEFAULT_PORT,
                server: {
                  ...config.server,
                  host,
                  drainDelayMs: 0,
                  drainTimeoutMs: Math.min(config.server.drainTimeoutMs, MAX_DRAIN_MS),
                },
              },
              remarks: warnings,
              dataDirectory: options.dataDir,
            });
          }),
        { server: true },
      ),
    );
  registerGenerateMasterKey(dev, cli);
};
