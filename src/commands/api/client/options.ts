// The flags of a verb as commander knows them.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { fromEnv } from '../../cli/notes.ts';
import { addSecretFlags } from '../../cli/secret-flag.ts';
import { duration, integer, list } from '../../cli/values.ts';
import type { BodyFlag } from './body-flags.ts';
import { addClientFileOptions } from './client-place.ts';
import { DEFAULT_API_URL, ROOT_KEY } from './connection.ts';
import type { Verb } from './verb.ts';

const DEFAULT_TIMEOUT_MS = 30_000;

/** Commander's name of a flag: `api-id` → `apiId`. */
export function optionName(flag: string): string {
  return new Option(`--${flag}`).attributeName();
}

/** Adds the flags of the body first, then those that every verb has. */
export function addVerbOptions(command: Command, verb: Verb): void {
  for (const flag of verb.flags) addBodyFlag(command, flag);
  if (verb.schema !== undefined) {
    command.option('--body <json>', 'the request as JSON, @file or - (stdin); other flags go over it');
  }
  const nullable = verb.flags.filter((flag) => flag.nullable).map(({ member }) => member);
  if (nullable.length > 0) {
    const option = new Option('--unset <field>', `send null for a member: ${nullable.join(', ')}`);
    command.addOption(option.argParser(list));
  }
  if (verb.operation.paginated) {
    command
      .option('--all', 'follow the cursors to the last page')
      .addOption(new Option('--max <n>', 'follow the cursors up to this many entries').argParser(integer(1)));
  }
  if (verb.verdict !== undefined) {
    command.option('--exit-code', `end with 1 when the answer's ${verb.verdict} is false`);
  }
  if (verb.deletes) command.option('-y, --yes', 'do not ask');
  if (!verb.reads) command.option('--dry-run', 'print the request and send nothing');
  addConnectionOptions(command, verb);
}

function addConnectionOptions(command: Command, verb: Verb): void {
  if (verb.operation.auth !== 'public') addSecretFlags(command, ROOT_KEY);
  addUrlOption(command);
  addClientFileOptions(command);
  addTimeoutOption(command);
  if (verb.reads)
    command.option('--no-retry', 'do not try again when the server cannot be reached or is busy');
}

/** Adds `--api-url`. */
export function addUrlOption(command: Command): Command {
  const option = new Option(
    '--api-url <url>',
    `address of the API, else api_url of the client file, else ${DEFAULT_API_URL}`,
  );
  return command.addOption(fromEnv(option, 'UNKEY_API_BASE_URL'));
}

/** Adds `--timeout`, in milliseconds as `timeout`. */
export function addTimeoutOption(command: Command): Command {
  return command.addOption(
    new Option('--timeout <duration>', 'how long to wait for each answer')
      .argParser(duration)
      .default(DEFAULT_TIMEOUT_MS, '30s'),
  );
}

function addBodyFlag(command: Command, body: BodyFlag): void {
  const { flag, kind, choices } = body;
  const description = `${body.description}${body.required ? ' (required)' : ''}`;
  switch (kind) {
    case 'secret':
      addSecretFlags(command, { flag, description });
      return;
    case 'string': {
      const option = new Option(`--${flag} <text>`, description);
      command.addOption(choices === undefined ? option : option.choices(choices));
      return;
    }
    case 'integer':
      command.addOption(new Option(`--${flag} <n>`, description).argParser(anyInteger));
      return;
    case 'boolean': {
      const sent = body.fallback === undefined ? '' : ` (${body.fallback} is sent when left out)`;
      command.addOption(
        new Option(`--${flag} [boolean]`, `${description}${sent}`).preset('true').argParser(boolean),
      );
      return;
    }
    case 'list':
      command.addOption(new Option(`--${flag} <items>`, `${description}; comma-separated`).argParser(list));
      return;
    case 'json':
      command.option(`--${flag} <json>`, `${description}; JSON, @file or - (stdin)`);
  }
}

function boolean(text: string): boolean {
  if (['1', 't', 'true'].includes(text)) return true;
  if (['0', 'f', 'false'].includes(text)) return false;
  throw new InvalidArgumentError('It must be true or false.');
}

/** Bounds are the server's to know: it names them in its answer. */
function anyInteger(text: string): number {
  const value = Number(text);
  if (!/^[+-]?\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError('It must be an integer.');
  }
  return value;
}
