import type { Command } from 'commander';
import { maskSecrets } from '../../config/redact.ts';
import { addClientFileOptions } from '../api/client/client-place.ts';
import { type Connection, findConnection, ROOT_KEY } from '../api/client/connection.ts';
import { addTimeoutOption, addUrlOption } from '../api/client/options.ts';
import type { CliContext, Invocation } from '../cli/context.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { annotate } from '../cli/notes.ts';
import { addSecretFlags } from '../cli/secret-flag.ts';
import { isAccepted } from './check-key.ts';
import { maskedKey } from './masked-key.ts';

type StatusFlags = { readonly timeout: number } & Record<string, unknown>;

export function registerStatus(group: Command, cli: CliContext): void {
  const command = annotate(
    group.command('status').description("show which root key 'unkey api' calls with, and whether it works"),
    {
      examples: [
        ['unkey auth status', 'the default profile'],
        ['unkey auth status --profile staging --json', 'another one, for a script'],
      ],
      exitCodes: [
        ['0', 'the server lets the key in'],
        ['3', 'the client file cannot be read, or has no such profile'],
        ['4', 'there is no root key, or the server does not let it in'],
        ['8', 'the server cannot be reached'],
      ],
    },
  );
  addSecretFlags(command, ROOT_KEY);
  addTimeoutOption(addClientFileOptions(addUrlOption(command)));
  command.action(cli.action<StatusFlags>(status));
}

async function status({ io, options, output, signal }: Invocation<StatusFlags>): Promise<number> {
  const connection = await findConnection(io, options, true);
  for (const warning of connection.warnings) output.warn(warning);
  const { apiUrl, rootKey, profile, file } = connection;
  const valid =
    rootKey !== undefined && (await isAccepted({ apiUrl, rootKey }, { timeoutMs: options.timeout, signal }));
  const facts = {
    profile,
    apiUrl: maskSecrets(apiUrl),
    rootKey: rootKey === undefined ? null : maskedKey(rootKey),
    from: originOf(connection),
    file: file ?? null,
    valid,
  };
  output.result(facts, (style) =>
    [
      `profile   ${facts.profile}`,
      `API       ${facts.apiUrl}`,
      `root key  ${facts.rootKey ?? "none; run 'unkey auth login'"}${facts.from === null ? '' : ` (${facts.from})`}`,
      `works     ${valid ? style.green('yes') : style.red('no')}`,
    ].join('\n'),
  );
  return valid ? EXIT.done : EXIT.denied;
}

function originOf({ rootKeyFrom, file }: Connection): string | null {
  if (rootKeyFrom === undefined) return null;
  return rootKeyFrom === 'file' ? (file ?? 'client file') : 'flag or environment';
}
