import { isObject } from '../../../lib/json.ts';
import { usageError } from '../../cli/cli-error.ts';
import type { CliIo } from '../../cli/io.ts';
import { readSecret } from '../../cli/secret-flag.ts';
import type { BodyFlag } from './body-flags.ts';
import { readJson } from './inputs.ts';
import { optionName } from './options.ts';
import type { Verb } from './verb.ts';

/**
 * The body that a command line asks for: `--body`, over which each given flag and `--unset` is laid. A flag that was not
 * given sends nothing, one that was sends its value even if that is zero, empty or false (CLI-2).
 *
 * @returns undefined for an operation that takes none
 * @throws CliError exit 2 for malformed JSON, contradicting flags, and required flags that are missing without `--body`
 */
export async function requestBody(
  io: CliIo,
  verb: Verb,
  options: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  if (verb.schema === undefined) return undefined;
  const whole = typeof options.body === 'string' ? await readJson(io, 'body', options.body) : undefined;
  const given: (readonly [BodyFlag, unknown])[] = [];
  for (const flag of verb.flags) {
    const value = await flagValue(io, flag, options);
    if (value !== undefined) given.push([flag, value]);
  }
  if (whole === undefined) refuseMissing(verb.flags, given);

  const [entire] = given.filter(([flag]) => flag.member === undefined);
  if (entire !== undefined && whole !== undefined) {
    throw usageError(`--${entire[0].flag} and --body cannot be used together`);
  }
  if (entire !== undefined) return entire[1];
  const members = { ...named(given), ...unsetMembers(verb.flags, given, options.unset) };
  if (whole !== undefined && !isObject(whole)) {
    if (Object.keys(members).length === 0) return whole;
    throw usageError('--body must be a JSON object when other flags set members of it');
  }
  return { ...fallbacks(verb.flags), ...whole, ...members };
}

async function flagValue(
  io: CliIo,
  { kind, flag, description }: BodyFlag,
  options: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  if (kind === 'secret') return readSecret(io, options, { flag, description });
  const value = options[optionName(flag)];
  return kind === 'json' && typeof value === 'string' ? readJson(io, flag, value) : value;
}

function refuseMissing(flags: readonly BodyFlag[], given: readonly (readonly [BodyFlag, unknown])[]): void {
  const missing = flags.filter((flag) => flag.required && !given.some(([other]) => other === flag));
  if (missing.length === 0) return;
  const names = missing.map(({ flag }) => `--${flag}`).join(', ');
  throw usageError(`missing required ${missing.length === 1 ? 'flag' : 'flags'} ${names}`);
}

function named(given: readonly (readonly [BodyFlag, unknown])[]): Record<string, unknown> {
  return Object.fromEntries(
    given.flatMap(([{ member }, value]) => (member === undefined ? [] : [[member, value]])),
  );
}

function fallbacks(flags: readonly BodyFlag[]): Record<string, unknown> {
  return Object.fromEntries(
    flags.flatMap(({ member, fallback }) =>
      member === undefined || fallback === undefined ? [] : [[member, fallback]],
    ),
  );
}

function unsetMembers(
  flags: readonly BodyFlag[],
  given: readonly (readonly [BodyFlag, unknown])[],
  fields: unknown,
): Record<string, null> {
  const members: Record<string, null> = {};
  for (const field of Array.isArray(fields) ? fields.map(String) : []) {
    const flag = flags.find(({ flag, member }) => flag === field || member === field);
    if (flag?.member === undefined || !flag.nullable) {
      const known = flags.filter(({ nullable }) => nullable).map(({ member }) => member);
      throw usageError(`--unset takes ${known.join(', ')}, got '${field}'`);
    }
    if (given.some(([other]) => other === flag)) {
      throw usageError(`--${flag.flag} and --unset ${field} cannot be used together`);
    }
    members[flag.member] = null;
  }
  return members;
}
