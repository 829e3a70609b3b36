import { type Command, Option } from 'commander';
import { maskSecrets } from '../../config/redact.ts';
import { findClientFile, settingsOf } from '../api/client/client-file.ts';
import { addClientFileOptions, type ClientFileFlags, DEFAULT_PROFILE } from '../api/client/client-place.ts';
import { checkRootKey, DEFAULT_API_URL, normalUrl } from '../api/client/connection.ts';
import { addTimeoutOption, addUrlOption } from '../api/client/options.ts';
import { CliError, usageError } from '../cli/cli-error.ts';
import type { CliContext, Invocation } from '../cli/context.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { annotate } from '../cli/notes.ts';
import { readSecretFile } from '../cli/secret-flag.ts';
import { isAccepted } from './check-key.ts';
import { maskedKey } from './masked-key.ts';
import { saveSettings } from './save-settings.ts';

type LoginFlags = ClientFileFlags & {
  readonly apiUrl?: string;
  readonly rootKeyFile?: string;
  readonly verify: boolean;
  readonly timeout: number;
  readonly dryRun?: boolean;
} & Record<string, unknown>;

export function registerLogin(group: Command, cli: CliContext): void {
  const command = annotate(group.command('login').description('keep a root key in the client file'), {
    remarks:
      "Asks for the key on the terminal without showing it, makes sure that the server lets it in, and writes it to the client file for 'unkey api' to call with. Everything else in the file stays as it is.",
    examples: [
      ['unkey auth login --api-url http://127.0.0.1:7070', 'asks for the key'],
      [
        'unkey auth login --profile staging --api-url https://staging.example.com --root-key-file ./root-key',
        'a second server, under a name',
      ],
      [
        'echo "$ROOT_KEY" | unkey auth login --api-url http://127.0.0.1:7070 --root-key-file -',
        'without a terminal',
      ],
    ],
    exitCodes: [
      ['3', 'the client file cannot be read or changed'],
      ['4', 'the server does not let the key in; nothing was written'],
      ['8', 'the server cannot be reached; nothing was written'],
    ],
  }).addOption(new Option('--root-key-file <path>', 'file that holds the root key; - reads stdin'));
  addClientFileOptions(addUrlOption(command));
  addTimeoutOption(command)
    .addOption(new Option('--no-verify', 'do not ask the server whether it lets the key in'))
    .addOption(new Option('--dry-run', 'check the key and write nothing'));
  command.action(cli.action<LoginFlags>(login));
}

async function login({ io, options, output, signal }: Invocation<LoginFlags>): Promise<void> {
  const profile = options.profile ?? DEFAULT_PROFILE;
  const file = await findClientFile(io, options.config);
  if (file.place.warning !== undefined) output.warn(file.place.warning);
  const known = settingsOf(file, profile).apiUrl ?? DEFAULT_API_URL;
  const apiUrl = normalUrl(options.apiUrl ?? known);
  const shownUrl = maskSecrets(apiUrl);

  const rootKey = (await readRootKey({ io, options, signal }, `Root key for ${shownUrl}: `)).trim();
  if (rootKey === '') throw usageError('the root key is empty');
  checkRootKey(rootKey);
  if (options.verify && !(await isAccepted({ apiUrl, rootKey }, { timeoutMs: options.timeout, signal }))) {
    throw new CliError({
      exitCode: EXIT.denied,
      code: 'root_key_refused',
      title: 'root key refused',
      detail: `${shownUrl} does not let this key in; nothing was written`,
      hint: 'check the key and --api-url, or pass --no-verify',
    });
  }

  const dryRun = options.dryRun ?? false;
  if (!dryRun) {
    // The key stays with the address that it is for: one that the file does not say is written beside it.
    await saveSettings(file, profile, { rootKey, ...(apiUrl === normalUrl(known) ? {} : { apiUrl }) });
  }
  const told = {
    profile,
    apiUrl: shownUrl,
    rootKey: maskedKey(rootKey),
    verified: options.verify,
    file: file.place.path,
  };
  output.result(dryRun ? { dryRun, ...told } : told, () =>
    [
      `${dryRun ? 'would keep' : 'kept'} ${told.rootKey} for ${shownUrl} in ${told.file}`,
      profile === DEFAULT_PROFILE ? '' : `, profile ${profile}`,
    ].join(''),
  );
}

/** @throws CliError exit 2 without a terminal to ask on, exit 3 when the file cannot be read */
async function readRootKey(
  { io, options, signal }: Pick<Invocation<LoginFlags>, 'io' | 'options' | 'signal'>,
  question: string,
): Promise<string> {
  if (options.rootKeyFile === '-') return io.stdin.readAll();
  if (options.rootKeyFile !== undefined) {
    return readSecretFile(io, options.rootKeyFile, '--root-key-file');
  }
  if (!io.stdin.isTTY) {
    throw usageError('there is no terminal to ask for the root key on; pass --root-key-file (- reads stdin)');
  }
  // In this order: what is typed as soon as the question stands there is hidden already.
  const typed = io.stdin.readHidden(signal);
  io.stderr.write(question);
  return typed;
}
